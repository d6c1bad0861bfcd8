// The client without its looks: one state, what changes it, and what it asks of the
// server. Views read what was told, subscribe, and call the methods.
import { failure } from "../strings/failure.ts";
import { Api, type NewAccount, type NewChat } from "./api.ts";
import { type Ask, typingMs } from "./chat.ts";
import { Clock } from "./clock.ts";
import { Courier } from "./courier.ts";
import { asFailure, type Failure } from "./failure.ts";
import { newId } from "./id.ts";
import { emptyBox, type Pending } from "./outbox.ts";
import { Reader } from "./reader.ts";
import { openShelf, type Shelf } from "./shelf.ts";
import { type Line, Socket, type Wire } from "./socket.ts";
import { type Action, nothing, reduce, seen, seenAt, type State } from "./state.ts";
import { Storage } from "./storage.ts";
import { Tabs } from "./tabs.ts";
import { Teller } from "./teller.ts";
import { Upkeep } from "./upkeep.ts";
import type { ChatId, Entry, Event, Fields, Ok, Quote, Seq, Signal, User, Verb, Window } from "./wire.ts";

export interface Snapshot {
  /** unreachable: whether somebody is signed in is not known; failure says why. */
  readonly phase: "starting" | "unreachable" | "out" | "in";
  readonly failure?: Failure;
  readonly state: State;
  readonly pending: readonly Pending[];
  /** When nobody is signed in, how that came about: "signedOut" if the server said so. */
  readonly line: Line;
  /** The server took too many messages at once: until when the rest waits; 0 for no wait. */
  readonly heldUntil: number;
  /** The server is another version than the one that this page began with: reload when it suits. */
  readonly outdated: boolean;
}

/** What only somebody who is signed in has. */
interface Session { storage: Storage; courier: Courier; socket: Socket; upkeep: Upkeep; reader: Reader }

const before: Snapshot = { phase: "starting", state: nothing, pending: emptyBox.pending, line: { state: "connecting" }, heldUntil: 0, outdated: false };
const againMs = 5000;
const backMs = 30_000; // that a change waits for a connection which broke under it
const mostTries = 5;
const keptMessages = 200; // of a chat that nobody looks at
const mostMessages = 400;

export class Core {
  readonly api: Api;
  readonly clock = new Clock();
  snapshot: Snapshot = before;
  /** The snapshot that listeners heard of last: what is drawn is of one time, whoever draws anew in between. */
  told: Snapshot = before;
  #listeners = new Set<() => void>();
  #shelf: Promise<Shelf>;
  #tabs: Promise<Tabs>;
  #open: (() => Wire) | undefined;
  #session: Session | undefined;
  #version = "";
  #again: ReturnType<typeof setTimeout> | undefined;
  #leaving = false; // by one's own wish
  #quiet = 0; // changes under way that are told together
  #teller = new Teller(() => {
    this.told = this.snapshot;
    for (const l of this.#listeners) l();
  });

  constructor(api = new Api(), shelf = openShelf(), open?: () => Wire) {
    this.api = api;
    this.#shelf = shelf;
    this.#tabs = shelf.then((s) => new Tabs(s));
    this.#open = open;
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
      const { user } = await this.api.me();
      if (!this.#session) await this.#enter(user);
    } catch (err) {
      const failure = asFailure(err);
      this.#set({ phase: failure.code === "no_identity" ? "out" : "unreachable", failure });
      if (failure.again) this.#again = setTimeout(() => this.start(), failure.retryAfterMs ?? againMs);
    }
  }

  async signIn(handle: string, password: string): Promise<void> {
    await this.#enter((await this.api.signIn(handle, password)).user);
  }

  async signUp(account: NewAccount): Promise<void> {
    await this.#enter((await this.api.signUp(account)).user);
  }

  async useRecovery(code: string, password: string): Promise<void> {
    await this.#enter((await this.api.useRecovery(code, password)).user);
  }

  /** Takes the texts that are kept here along. */
  async signOut(): Promise<void> {
    const s = this.#session;
    this.#leaving = true;
    try {
      await this.api.signOut();
      s?.courier.stop();
      await s?.storage.clear().catch(() => {});
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
    for (let after: string | undefined; ; ) {
      const ask: Ask = {};
      this.#do({ type: "asked", chatId, ask });
      try {
        const page = await this.api.members(chatId, { limit: 200, after });
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
    await this.api.putMember(chatId, "me");
    this.#entered(await this.api.chat(chatId));
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
    for (let tries = 1; ; tries++) {
      const live = this.snapshot.line.state === "live";
      try {
        return await this.command(verb, once);
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
    const [shelf, tabs] = await Promise.all([this.#shelf, this.#tabs]);
    this.#leave();
    const storage = new Storage(shelf, tabs, me.id);
    const socket: Socket = new Socket({
      resume: () => ({ epoch: this.snapshot.state.epoch || undefined, seen: seen(this.snapshot.state), at: seenAt(this.snapshot.state) }),
      hello: (ok, resumed, sent) => {
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
    const upkeep = new Upkeep(this.api, socket, () => this.snapshot.state, (a) => this.#do(a));
    const reader = new Reader(socket, () => this.snapshot.state, (chatId, seq) => this.#do({ type: "read", chatId, seq }));
    this.#session = { storage, courier, socket, upkeep, reader };
    this.#set({ ...before, phase: "in", state: reduce(nothing, { type: "users", users: [me] }) });
    socket.connect();
  }

  #leave(): void {
    const s = this.#session;
    this.#session = undefined;
    s?.courier.stop();
    s?.upkeep.stop();
    s?.reader.stop();
    s?.socket.end();
    if (s) this.#set({ ...before, phase: "out" });
  }

  #lined(line: Line): void {
    const s = this.#session;
    if (!s) return;
    if (line.state === "ended" && line.cause === "signedOut") {
      return this.#together(() => {
        this.#leave();
        if (!this.#leaving) this.#set({ line });
      });
    }
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
