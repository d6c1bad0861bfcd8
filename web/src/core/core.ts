// The client without its looks: one state, what changes it, and what it asks of the
// server. Views read what was told, subscribe, and call the methods.
import { failure } from "../strings/failure.ts";
import { Api, type NewAccount, type NewChat } from "./api.ts";
import { type Ask, typingMs } from "./chat.ts";
import { Clock } from "./clock.ts";
import { Channel, type Notice } from "./channel.ts";
import { Courier } from "./courier.ts";
import { asFailure, type Failure } from "./failure.ts";
import { newId } from "./id.ts";
import { emptyBox, type Pending } from "./outbox.ts";
import { Reader } from "./reader.ts";
import { openShelf, type Shelf } from "./shelf.ts";
import { type Line, Socket, type Wire } from "./socket.ts";
import { type Action, nothing, reduce, seen, seenAt, type State } from "./state.ts";
import { type NotKept, scrub, Storage } from "./storage.ts";
import { Tabs } from "./tabs.ts";
import { Teller } from "./teller.ts";
import { Upkeep } from "./upkeep.ts";
import type { ChatId, Entry, Event, Fields, Ok, Quote, Seq, Signal, User, UserId, Verb, Window } from "./wire.ts";

export interface Snapshot {
  /** unreachable: whether somebody is signed in is not known; failure says why. otherUser: this page was another user's before. */
  readonly phase: "starting" | "unreachable" | "out" | "in" | "otherUser";
  /** Who is signed in then. */
  readonly other?: User;
  readonly failure?: Failure;
  readonly state: State;
  readonly pending: readonly Pending[];
  /** When nobody is signed in, how that came about: "signedOut" if the server said so, "left" if another page did it. */
  readonly line: Line;
  /** The server took too many messages at once: until when the rest waits; 0 for no wait. */
  readonly heldUntil: number;
  /** The server is another version than the one that this page began with: reload when it suits. */
  readonly outdated: boolean;
  /** Why what is written here goes with the page; undefined if it does not. */
  readonly notKept: NotKept | undefined;
  /** Something would be lost if the page went now. */
  readonly atRisk: boolean;
}

/** What only somebody who is signed in has, bound to who that is. */
interface Session { me: UserId; api: Api; storage: Storage; courier: Courier; socket: Socket; upkeep: Upkeep; reader: Reader }

const before: Snapshot = { phase: "starting", state: nothing, pending: emptyBox.pending, line: { state: "connecting" }, heldUntil: 0, outdated: false, notKept: undefined, atRisk: false };
const againMs = 5000;
const backMs = 30_000; // that a change waits for a connection which broke under it
const mostTries = 5;
const keptMessages = 200; // of a chat that nobody looks at
const mostMessages = 400;

export class Core {
  readonly clock = new Clock();
  snapshot: Snapshot = before;
  /** The snapshot that listeners heard of last: what is drawn is of one time, whoever draws anew in between. */
  told: Snapshot = before;
  #listeners = new Set<() => void>();
  #api: Api;
  #shelf: Promise<Shelf>;
  #tabs: Promise<Tabs>;
  #open: (() => Wire) | undefined;
  #channel: Channel;
  #session: Session | undefined;
  #was: UserId | undefined; // whose page this was last
  #version = "";
  #again: ReturnType<typeof setTimeout> | undefined;
  #leaving = false; // by one's own wish
  #quiet = 0; // changes under way that are told together
  #teller = new Teller(() => {
    this.told = this.snapshot;
    for (const l of this.#listeners) l();
  });

  constructor(api = new Api(), shelf = openShelf(), open?: () => Wire, channel = new Channel()) {
    this.#api = api;
    this.#shelf = shelf;
    this.#tabs = shelf.then((s) => new Tabs(s));
    this.#open = open;
    this.#channel = channel;
    channel.hear = (n) => void this.#hear(n);
  }

  /** In the name of who is signed in. */
  get api(): Api {
    return this.#session?.api ?? this.#api;
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  // Coming and going.

  /** Finds out whether somebody is signed in, however long the server takes to answer. */
  async start(): Promise<void> {
    clearTimeout(this.#again);
    try {
      const { user } = await this.#api.me();
      if (this.#session) return;
      if (!this.#was || this.#was === user.id) return await this.#enter(user);
      this.#set({ phase: "otherUser", other: user });
      await this.#scrub(user.id);
    } catch (err) {
      const failure = asFailure(err);
      if (this.#session) return;
      if (failure.code === "no_identity") return this.#ended(this.#was ? "signedOut" : undefined);
      this.#set({ phase: "unreachable", failure });
      if (failure.again) this.#again = setTimeout(() => this.start(), failure.retryAfterMs ?? againMs);
    }
  }

  async signIn(handle: string, password: string): Promise<void> {
    await this.#enter((await this.#api.signIn(handle, password)).user);
  }

  async signUp(account: NewAccount): Promise<void> {
    await this.#enter((await this.#api.signUp(account)).user);
  }

  async useRecovery(code: string, password: string): Promise<void> {
    await this.#enter((await this.#api.useRecovery(code, password)).user);
  }

  /** Erases what the user has not sent, in all pages of this browser. */
  async signOut(): Promise<void> {
    const s = this.#session;
    if (!s) return;
    this.#leaving = true;
    try {
      const failure = await s.api.signOut().then(() => undefined, asFailure);
      // Whoever is no longer signed in is signed out, however that came.
      if (failure && failure.code !== "no_identity" && s.socket.line.state !== "ended") throw failure;
      s.courier.stop();
      await s.storage.clear().catch(() => {});
      this.#channel.say({ type: "out", user: s.me });
      if (failure?.field) return this.#refused("otherUser");
      this.#was = undefined;
      this.#leave();
    } finally {
      this.#leaving = false;
    }
  }

  /** The device woke, is online again, or somebody looks again. */
  wake(): void {
    this.#session?.socket.wake();
    void this.#tabs.then((t) => t.renew());
    if (this.snapshot.phase === "unreachable") void this.start();
  }

  /** A person does not want to wait. */
  connectNow(): void {
    this.#session?.socket.connect();
  }

  /** The page goes for good. */
  close(): void {
    this.#channel.close();
    void this.#tabs.then((t) => t.leave());
  }

  get storage(): Storage | undefined {
    return this.#session?.storage;
  }

  // Chats.

  /** Loads a page of a chat's history; what it brings stands in the chat's timeline. */
  async load(chatId: ChatId, window: Window): Promise<void> {
    const ask: Ask = { window };
    this.#do({ type: "asked", chatId, ask });
    try {
      this.#do({ type: "page", chatId, ask, page: await this.command("history", { chatId, ...window }) });
    } catch (err) {
      this.#do({ type: "unasked", chatId, ask });
      throw err;
    }
  }

  /** All members of a chat. */
  async loadMembers(chatId: ChatId): Promise<void> {
    const { api } = this;
    for (let after: string | undefined; ; ) {
      const ask: Ask = {};
      this.#do({ type: "asked", chatId, ask });
      try {
        const page = await api.members(chatId, { limit: 200, after });
        this.#do({ type: "members", chatId, ask, members: page.members, users: page.users });
        if (!page.next) return;
        after = page.next;
      } catch (err) {
        this.#do({ type: "unasked", chatId, ask });
        throw err;
      }
    }
  }

  async createChat(chat: NewChat): Promise<ChatId> {
    return this.#entered(await this.api.createChat(chat));
  }

  async acceptInvite(code: string): Promise<ChatId> {
    return this.#entered(await this.api.acceptInvite(code));
  }

  async join(chatId: ChatId): Promise<void> {
    const { api } = this;
    await api.putMember(chatId, "me");
    this.#entered(await api.chat(chatId));
  }

  /** Forgets what of a chat's messages lies outside from..to: for a long look at a busy chat. */
  trim(chatId: ChatId, from: Seq, to: Seq): void {
    this.#do({ type: "trim", chatId, from, to });
  }

  // Messages.

  /** Shows at once, and is sent when that goes: see the snapshot's pending. */
  post(chatId: ChatId, text: string, reply?: Quote): void {
    this.#session?.courier.write(chatId, text, reply);
    this.#teller.now();
  }

  retry(clientId: string): void {
    this.#session?.courier.do({ type: "retried", clientId, at: Date.now() });
  }

  discard(clientId: string): void {
    this.#session?.courier.do({ type: "discarded", clientId });
  }

  /**
   * An edit, a deletion or a reaction. It has no outbox: without a connection it is refused at once, and what the
   * connection broke under, or the server cannot do just now, is asked again with the same clientId. @throws {Failure}
   */
  async change<V extends "edit" | "delete" | "react">(verb: V, fields: Fields<V>): Promise<Ok<V>> {
    const once = { clientId: newId(), ...fields };
    const socket = this.#session?.socket; // this user's: the next one's would do it in their name
    if (!socket) throw asFailure(new Error(failure.nobody));
    for (let tries = 1; ; tries++) {
      const live = socket.line.state === "live";
      try {
        return await socket.command(verb, once);
      } catch (err) {
        const f = asFailure(err);
        if (!live || !f.again || tries === mostTries) throw f;
        await (f.code === "no_answer" ? this.#back() : new Promise((ok) => setTimeout(ok, f.retryAfterMs ?? againMs)));
      }
    }
  }

  /** Whatever else is asked on the socket. @throws {Failure} */
  async command<V extends Verb>(verb: V, fields: Fields<V>): Promise<Ok<V>> {
    if (!this.#session) throw asFailure(new Error(failure.nobody));
    return this.#session.socket.command(verb, fields);
  }

  /** The person has seen the chat up to seq. */
  read(chatId: ChatId, seq: Seq): void {
    this.#session?.reader.read(chatId, seq);
  }

  typing(chatId: ChatId): void {
    this.#teller.writing();
    this.#session?.reader.typing(chatId);
  }

  /** The chats in sight: typing, presence and others' read pointers come for these alone. */
  focus(chatIds: readonly ChatId[]): void {
    this.#session?.reader.focus(chatIds);
  }

  // Within.

  async #enter(me: User): Promise<void> {
    this.#leave();
    const [shelf, tabs] = await Promise.all([this.#shelf, this.#tabs]);
    if (this.#session) return;
    this.#was = me.id;
    const api = this.#api.as(me.id, (f) => this.#session?.api === api && !this.#leaving && this.#refused(f.field === "Parley-User" ? "otherUser" : "signedOut"));
    const risk = () => this.#session?.storage === storage && this.#set({ notKept: storage.notKept, atRisk: storage.atRisk });
    const storage: Storage = new Storage(shelf, tabs, me.id, (key) => this.#channel.say({ type: "draft", user: me.id, key }), risk);
    const socket: Socket = new Socket({
      as: me.id,
      resume: () => ({ epoch: this.snapshot.state.epoch || undefined, seen: seen(this.snapshot.state), at: seenAt(this.snapshot.state) }),
      hello: (ok, resumed, sent) => {
        if (ok.me.id !== me.id) return this.#refused("otherUser"); // a server that does not know "as"
        this.clock.heard(ok.now, sent, Date.now());
        this.#version ||= ok.version;
        this.#together(() => {
          this.#set({ outdated: ok.version !== this.#version });
          this.#do({ type: "hello", ok, resumed: resumed.seen ?? {} });
          this.#lined(socket.line);
        });
      },
      values: (all) => this.#together(() => all.forEach((v) => this.#take(v))),
      line: (line) => this.#lined(line),
    }, this.#open);
    const courier: Courier = new Courier(tabs.id, storage, (post) => socket.command("post", post), () => this.#set({ pending: courier.box.pending, heldUntil: courier.box.notBefore }));
    const upkeep = new Upkeep(api, socket, () => this.snapshot.state, (a) => this.#do(a));
    const reader = new Reader(socket, () => this.snapshot.state, (chatId, seq) => this.#do({ type: "read", chatId, seq }));
    this.#session = { me: me.id, api, storage, courier, socket, upkeep, reader };
    this.#set({ ...before, phase: "in", state: reduce(nothing, { type: "users", users: [me] }), notKept: storage.notKept });
    this.#channel.say({ type: "in", user: me.id });
    void this.#scrub(me.id);
    socket.connect();
  }

  #leave(): void {
    const s = this.#session;
    this.#session = undefined;
    s?.api.end();
    s?.storage.end();
    s?.courier.stop();
    s?.upkeep.stop();
    s?.reader.stop();
    s?.socket.end();
    // The next session's rows are another tab's: what this one leaves may be sent from wherever its user is.
    if (s) this.#tabs = Promise.all([this.#shelf, this.#tabs]).then(([shelf, tabs]) => (tabs.leave(), new Tabs(shelf)));
    if (s) this.#set({ ...before, phase: "out" });
  }

  /** Nobody is signed in any more, and not by this page's wish. */
  #ended(cause?: "signedOut" | "left"): void {
    const { notKept, atRisk } = this.snapshot; // what was written stays, as it did before
    this.#together(() => {
      this.#leave();
      this.#set({ ...before, phase: "out", ...(cause && { line: { state: "ended", cause } }), ...(cause === "signedOut" && { notKept, atRisk }) });
    });
    void this.#scrub();
  }

  /** The server refused this page's user. */
  #refused(cause: "signedOut" | "otherUser"): void {
    if (cause === "signedOut") return this.#ended(cause);
    const { notKept, atRisk } = this.snapshot;
    this.#together(() => {
      this.#leave();
      this.#set({ ...before, notKept, atRisk }); // starting: whose page it is now, the server says
    });
    void this.start();
  }

  /** Another page of this browser says what it did. */
  async #hear(n: Notice): Promise<void> {
    if (n.type === "draft") return n.user === this.#session?.me ? this.#session.storage.heard(n.key) : undefined;
    if (n.type === "in") {
      const now = this.#session?.me ?? (this.snapshot.phase === "otherUser" ? this.snapshot.other?.id : undefined);
      if (this.#was && now !== n.user) this.#refused("otherUser");
      return;
    }
    if (this.#was !== n.user) return this.snapshot.phase === "otherUser" ? void this.start() : undefined;
    const s = this.#session;
    const storage = s?.storage ?? new Storage(await this.#shelf, await this.#tabs, n.user);
    s?.courier.stop();
    await storage.clear().catch(() => {}); // again: this page may have written since the other one did
    if (!this.#leaving && this.#session === s) this.#ended("left");
  }

  #scrub(signedIn?: UserId): Promise<void> {
    return this.#shelf.then((shelf) => scrub(shelf, signedIn)).catch(() => {});
  }

  #lined(line: Line): void {
    const s = this.#session;
    if (!s) return;
    if (line.state === "ended" && this.#leaving) return this.#leave();
    if (line.cause === "signedOut" || line.cause === "otherUser") return this.#refused(line.cause);
    this.#together(() => {
      this.#set({ line });
      s.courier.do({ type: "live", live: line.state === "live" });
      if (line.state !== "live") return;
      s.reader.live();
      void s.courier.adopt();
      for (const id of this.snapshot.state.chats.keys()) s.upkeep.look(id);
    });
  }

  /** Until there is a connection again, or that takes too long. */
  #back(): Promise<void> {
    return new Promise((ok) => {
      const look = () => this.snapshot.line.state === "live" && done();
      const stop = this.subscribe(look);
      const timer = setTimeout(() => done(), backMs);
      const done = () => {
        clearTimeout(timer);
        stop();
        ok();
      };
      look();
    });
  }

  #take(v: Event | Signal): void {
    const s = this.#session;
    if (!s) return;
    if ("signal" in v) {
      const at = Date.now();
      this.#do({ type: "signal", signal: v, at });
      if (v.signal === "typing") setTimeout(() => this.#do({ type: "tick", at: Date.now() }), typingMs);
      if (v.signal === "chat") s.reader.live(); // it may be one that is looked at
      if ("chatId" in v) s.upkeep.look(v.chatId);
      return;
    }
    this.#do({ type: "event", event: v });
    if (v.event === "posted" && v.by === this.snapshot.state.me?.id && v.clientId) s.courier.do({ type: "arrived", clientId: v.clientId });
    s.upkeep.judge(v);
    this.#shorten(v.chatId);
  }

  /** A chat that nobody looks at keeps its newest messages only. */
  #shorten(chatId: ChatId): void {
    if (this.#session?.reader.inFocus(chatId)) return;
    const c = this.snapshot.state.chats.get(chatId);
    const last = c?.timeline?.at(-1)?.messages;
    if (last && last.length > mostMessages) this.#do({ type: "trim", chatId, from: last.at(-keptMessages)!.seq, to: c.seen });
  }

  #entered({ chat, users }: { chat: Entry; users: readonly User[] }): ChatId {
    this.#do({ type: "entry", entry: chat, users });
    this.#teller.now(); // whoever asked goes there
    return chat.id;
  }

  #do(a: Action): void {
    this.#together(() => {
      const state = reduce(this.snapshot.state, a);
      if (state === this.snapshot.state) return;
      this.#set({ state });
      this.#session?.courier.do({ type: "seen", seen: (id) => (state.me ? state.chats.get(id)?.seen : 0) });
    });
  }

  #set(part: Partial<Snapshot>): void {
    this.#together(() => void (this.snapshot = { ...this.snapshot, ...part }));
  }

  /** However much changes within, listeners hear of it once. */
  #together(change: () => void): void {
    this.#quiet++;
    try {
      change();
    } finally {
      this.#quiet--;
      if (this.#quiet === 0 && this.told !== this.snapshot) this.#teller.changed();
    }
  }
}
