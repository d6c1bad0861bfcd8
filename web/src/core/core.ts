// The client without its views: the state, the actions on it, and the connection to the server.
// Views read `published`, subscribe, and call the methods.
import { Api, type NewAccount, type NewChat } from "./api.ts";
import type { PageRequest } from "./chatModel.ts";
import { typingMs } from "./chat.ts";
import { Clock } from "./clock.ts";
import { TabChannel, type TabMessage } from "./tabChannel.ts";
import { OutboxSender } from "./outboxSender.ts";
import { asFailure, type Failure, notSignedIn } from "./failure.ts";
import { newId } from "./id.ts";
import { emptyOutbox, type Pending } from "./outbox.ts";
import { maxMembersPage } from "./protocolLimits.ts";
import { ActivityReporter } from "./activityReporter.ts";
import { openLocalDB, type LocalDB } from "./localDB.ts";
import { type ConnectionState, Socket, type WebSocketLike } from "./socket.ts";
import { type Action, emptyState, reduce, resumeSeqs, resumeTimes, type State } from "./state.ts";
import { type StorageProblem, scrub, Storage } from "./storage.ts";
import { Tabs } from "./tabs.ts";
import { NotifyScheduler } from "./notifyScheduler.ts";
import { Refetcher } from "./refetcher.ts";
import type { ChatId, Entry, Event, Fields, Ok, Quote, Seq, Signal, User, UserId, Verb, HistoryWindow } from "./wire.ts";

export interface Snapshot {
  /** unreachable: whether a user is signed in is unknown, for the reason in failure. otherUser: the cookie is no longer that of this page's user. */
  readonly phase: "starting" | "unreachable" | "out" | "in" | "otherUser";
  /** The user of the cookie in phase otherUser. */
  readonly otherUser?: User;
  readonly failure?: Failure;
  readonly state: State;
  readonly pending: readonly Pending[];
  /** In phase out, its cause tells how that came: "signedOut" by the server, "left" by another page. */
  readonly connection: ConnectionState;
  /** The server's rate limit holds unsent messages back until this time; 0 if it does not. */
  readonly rateLimitedUntil: number;
  /** The server has another version than when this page was loaded. */
  readonly outdated: boolean;
  /** Why texts written here are lost with the page; undefined if they are stored. */
  readonly storageProblem: StorageProblem | undefined;
  /** A text would be lost if the page were closed now. */
  readonly unsavedText: boolean;
}

/** What exists while a user is signed in, bound to that user. */
interface Session { me: UserId; api: Api; storage: Storage; outboxSender: OutboxSender; socket: Socket; refetcher: Refetcher; activity: ActivityReporter }

const initialSnapshot: Snapshot = { phase: "starting", state: emptyState, pending: emptyOutbox.pending, connection: { state: "connecting" }, rateLimitedUntil: 0, outdated: false, storageProblem: undefined, unsavedText: false };
const retryMs = 5000;
const reconnectWaitMs = 30_000; // how long a change waits for the next connection
const maxAttempts = 5;
const keptMessages = 200; // of a chat that is not in view
const maxMessages = 400;

export class Core {
  readonly clock = new Clock();
  snapshot: Snapshot = initialSnapshot;
  /** The snapshot that listeners were last notified of. All views render this one, also those that render in between. */
  published: Snapshot = initialSnapshot;
  #listeners = new Set<() => void>();
  #api: Api;
  #localDB: Promise<LocalDB>;
  #tabs: Promise<Tabs>;
  #open: (() => WebSocketLike) | undefined;
  #channel: TabChannel;
  #session: Session | undefined;
  #lastUser: UserId | undefined; // the user of this page's last session
  #version = "";
  #retryTimer: ReturnType<typeof setTimeout> | undefined;
  #signingOut = false; // by this page's user
  #batchDepth = 0; // of nested batches: listeners are notified once, at the end
  #notifyScheduler = new NotifyScheduler(() => {
    this.published = this.snapshot;
    for (const l of this.#listeners) l();
  });

  constructor(api = new Api(), localDB = openLocalDB(), open?: () => WebSocketLike, channel = new TabChannel()) {
    this.#api = api;
    this.#localDB = localDB;
    this.#tabs = localDB.then((s) => new Tabs(s));
    this.#open = open;
    this.#channel = channel;
    channel.onMessage = (n) => void this.#onTabMessage(n);
  }

  /** The API with the session's user, or without one. */
  get api(): Api {
    return this.#session?.api ?? this.#api;
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  // Sessions.

  /** Asks the server who is signed in, again and again until it answers. */
  async start(): Promise<void> {
    clearTimeout(this.#retryTimer);
    try {
      const { user } = await this.#api.me();
      if (this.#session) return;
      if (!this.#lastUser || this.#lastUser === user.id) return await this.#startSession(user);
      this.#set({ phase: "otherUser", otherUser: user });
      await this.#scrub(user.id);
    } catch (err) {
      const failure = asFailure(err);
      if (this.#session) return;
      if (failure.code === "no_identity") return this.#signedOut(this.#lastUser ? "signedOut" : undefined);
      this.#set({ phase: "unreachable", failure });
      if (failure.retryable) this.#retryTimer = setTimeout(() => void this.start(), failure.retryAfterMs ?? retryMs);
    }
  }

  async signIn(handle: string, password: string): Promise<void> {
    await this.#startSession((await this.#api.signIn(handle, password)).user);
  }

  async signUp(account: NewAccount): Promise<void> {
    await this.#startSession((await this.#api.signUp(account)).user);
  }

  async useRecovery(code: string, password: string): Promise<void> {
    await this.#startSession((await this.#api.useRecovery(code, password)).user);
  }

  /** Signs out and erases the user's unsent texts in all pages of this browser. */
  async signOut(): Promise<void> {
    const s = this.#session;
    if (!s) return;
    this.#signingOut = true;
    try {
      const failure = await s.api.signOut().then(() => undefined, asFailure);
      // A session that has ended already is as good as signed out.
      if (failure && failure.code !== "no_identity" && s.socket.connection.state !== "ended") throw failure;
      s.outboxSender.stop();
      await s.storage.clear().catch(() => {});
      this.#channel.send({ type: "out", user: s.me });
      if (failure?.field) return this.#userRejected("otherUser");
      this.#lastUser = undefined;
      this.#endSession();
    } finally {
      this.#signingOut = false;
    }
  }

  /** Checks the connection: the device woke up, is online again, or the page is visible again. */
  wake(): void {
    this.#session?.socket.wake();
    void this.#tabs.then((t) => t.renew());
    if (this.snapshot.phase === "unreachable") void this.start();
  }

  /** Reconnects without waiting for the backoff. */
  connectNow(): void {
    this.#session?.socket.connect();
  }

  /** The page is being closed. */
  close(): void {
    this.#channel.close();
    void this.#tabs.then((t) => t.close());
  }

  get storage(): Storage | undefined {
    return this.#session?.storage;
  }

  // Chats.

  /** Loads a page of a chat's history into the chat's timeline. */
  async load(chatId: ChatId, window: HistoryWindow): Promise<void> {
    const request: PageRequest = { window };
    this.#dispatch({ type: "requestStarted", chatId, request });
    try {
      this.#dispatch({ type: "page", chatId, request, page: await this.command("history", { chatId, ...window }) });
    } catch (err) {
      this.#dispatch({ type: "requestEnded", chatId, request });
      throw err;
    }
  }

  /** Loads all members of a chat. */
  async loadMembers(chatId: ChatId): Promise<void> {
    const { api } = this;
    for (let after: string | undefined; ; ) {
      const request: PageRequest = {};
      this.#dispatch({ type: "requestStarted", chatId, request });
      try {
        const page = await api.members(chatId, { limit: maxMembersPage, after });
        this.#dispatch({ type: "members", chatId, request, members: page.members, users: page.users });
        if (!page.next) return;
        after = page.next;
      } catch (err) {
        this.#dispatch({ type: "requestEnded", chatId, request });
        throw err;
      }
    }
  }

  async createChat(chat: NewChat): Promise<ChatId> {
    return this.#addChat(await this.api.createChat(chat));
  }

  async acceptInvite(code: string): Promise<ChatId> {
    return this.#addChat(await this.api.acceptInvite(code));
  }

  async join(chatId: ChatId): Promise<void> {
    const { api } = this;
    await api.putMember(chatId, "me");
    this.#addChat(await api.chat(chatId));
  }

  /** Drops the chat's messages outside of from..to, so that a busy chat does not fill the memory. */
  trim(chatId: ChatId, from: Seq, to: Seq): void {
    this.#dispatch({ type: "trim", chatId, from, to });
  }

  // Messages.

  /** Puts a message into the outbox: it is shown at once, see Snapshot.pending. */
  post(chatId: ChatId, text: string, reply?: Quote): void {
    this.#session?.outboxSender.enqueue(chatId, text, reply);
    this.#notifyScheduler.flush();
  }

  retry(clientId: string): void {
    this.#session?.outboxSender.dispatch({ type: "retried", clientId, at: Date.now() });
  }

  discard(clientId: string): void {
    this.#session?.outboxSender.dispatch({ type: "discarded", clientId });
  }

  /**
   * Sends an edit, a deletion or a reaction. These have no outbox: without a connection they fail at once. If the
   * connection breaks, or the server cannot do it now, it is retried with the same clientId. @throws {Failure}
   */
  async change<V extends "edit" | "delete" | "react">(verb: V, fields: Fields<V>): Promise<Ok<V>> {
    const once = { clientId: newId(), ...fields };
    const socket = this.#session?.socket; // kept for the retries: another session's socket would send it as another user
    if (!socket) throw notSignedIn();
    for (let tries = 1; ; tries++) {
      const live = socket.connection.state === "live";
      try {
        return await socket.command(verb, once);
      } catch (err) {
        const f = asFailure(err);
        if (!live || !f.retryable || tries === maxAttempts) throw f;
        await (f.code === "no_answer" ? this.#reconnected() : new Promise((ok) => setTimeout(ok, f.retryAfterMs ?? retryMs)));
      }
    }
  }

  /** Sends any other command. @throws {Failure} */
  async command<V extends Verb>(verb: V, fields: Fields<V>): Promise<Ok<V>> {
    if (!this.#session) throw notSignedIn();
    return this.#session.socket.command(verb, fields);
  }

  /** Reports that the user has seen the chat up to seq. */
  markRead(chatId: ChatId, seq: Seq): void {
    this.#session?.activity.read(chatId, seq);
  }

  typing(chatId: ChatId): void {
    this.#notifyScheduler.keystroke();
    this.#session?.activity.typing(chatId);
  }

  /** Sets the chats in view. The server sends typing, presence and read pointers of others for these only. */
  focus(chatIds: readonly ChatId[]): void {
    this.#session?.activity.focus(chatIds);
  }

  // Internals.

  async #startSession(me: User): Promise<void> {
    this.#endSession();
    const [localDB, tabs] = await Promise.all([this.#localDB, this.#tabs]);
    if (this.#session) return;
    this.#lastUser = me.id;
    const api = this.#api.forUser(me.id, (f) => this.#session?.api === api && !this.#signingOut && this.#userRejected(f.field === "Parley-User" ? "otherUser" : "signedOut"));
    const risk = () => this.#session?.storage === storage && this.#set({ storageProblem: storage.storageProblem, unsavedText: storage.unsavedText });
    const storage: Storage = new Storage(localDB, tabs, me.id, (key) => this.#channel.send({ type: "draft", user: me.id, key }), risk);
    const socket: Socket = new Socket({
      as: me.id,
      resume: () => ({ epoch: this.snapshot.state.epoch || undefined, seen: resumeSeqs(this.snapshot.state), at: resumeTimes(this.snapshot.state) }),
      hello: (ok, resumed, sent) => {
        if (ok.me.id !== me.id) return this.#userRejected("otherUser"); // a server without the field "as"
        this.clock.addSample(ok.now, sent, Date.now());
        this.#version ||= ok.version;
        this.#batch(() => {
          this.#set({ outdated: ok.version !== this.#version });
          this.#dispatch({ type: "hello", ok, resumed: resumed.seen ?? {} });
          this.#connectionChanged(socket.connection);
        });
      },
      values: (all) => this.#batch(() => all.forEach((v) => this.#receive(v))),
      connection: (line) => this.#connectionChanged(line),
    }, this.#open);
    const outboxSender: OutboxSender = new OutboxSender(tabs.id, storage, (post) => socket.command("post", post), () => this.#set({ pending: outboxSender.outbox.pending, rateLimitedUntil: outboxSender.outbox.notBefore }));
    const refetcher = new Refetcher(api, socket, () => this.snapshot.state, (a) => this.#dispatch(a));
    const reader = new ActivityReporter(socket, () => this.snapshot.state, (chatId, seq) => this.#dispatch({ type: "read", chatId, seq }));
    this.#session = { me: me.id, api, storage, outboxSender, socket, refetcher, activity: reader };
    this.#set({ ...initialSnapshot, phase: "in", state: reduce(emptyState, { type: "users", users: [me] }), storageProblem: storage.storageProblem });
    this.#channel.send({ type: "in", user: me.id });
    void this.#scrub(me.id);
    socket.connect();
  }

  #endSession(): void {
    const s = this.#session;
    this.#session = undefined;
    s?.api.close();
    s?.storage.end();
    s?.outboxSender.stop();
    s?.refetcher.stop();
    s?.activity.stop();
    s?.socket.end();
    // The next session gets a tab id of its own, so that another tab of this user may adopt the outbox.
    if (s) this.#tabs = Promise.all([this.#localDB, this.#tabs]).then(([localDB, tabs]) => (tabs.close(), new Tabs(localDB)));
    if (s) this.#set({ ...initialSnapshot, phase: "out" });
  }

  /** The session ended without this page's doing. */
  #signedOut(cause?: "signedOut" | "left"): void {
    const { storageProblem, unsavedText } = this.snapshot; // the stored texts stay
    this.#batch(() => {
      this.#endSession();
      this.#set({ ...initialSnapshot, phase: "out", ...(cause && { connection: { state: "ended", cause } }), ...(cause === "signedOut" && { storageProblem, unsavedText }) });
    });
    void this.#scrub();
  }

  /** The server rejected this page's user. */
  #userRejected(cause: "signedOut" | "otherUser"): void {
    if (cause === "signedOut") return this.#signedOut(cause);
    const { storageProblem, unsavedText } = this.snapshot;
    this.#batch(() => {
      this.#endSession();
      this.#set({ ...initialSnapshot, storageProblem, unsavedText }); // phase "starting": the server says who is signed in now
    });
    void this.start();
  }

  /** Handles a message of another page of this browser. */
  async #onTabMessage(n: TabMessage): Promise<void> {
    if (n.type === "draft") return n.user === this.#session?.me ? this.#session.storage.notifyWatchers(n.key) : undefined;
    if (n.type === "in") {
      const now = this.#session?.me ?? (this.snapshot.phase === "otherUser" ? this.snapshot.otherUser?.id : undefined);
      if (this.#lastUser && now !== n.user) this.#userRejected("otherUser");
      return;
    }
    if (this.#lastUser !== n.user) return this.snapshot.phase === "otherUser" ? void this.start() : undefined;
    const s = this.#session;
    const storage = s?.storage ?? new Storage(await this.#localDB, await this.#tabs, n.user);
    s?.outboxSender.stop();
    await storage.clear().catch(() => {}); // this page may have written after the other one erased
    if (!this.#signingOut && this.#session === s) this.#signedOut("left");
  }

  #scrub(signedIn?: UserId): Promise<void> {
    return this.#localDB.then((localDB) => scrub(localDB, signedIn)).catch(() => {});
  }

  #connectionChanged(line: ConnectionState): void {
    const s = this.#session;
    if (!s) return;
    if (line.state === "ended" && this.#signingOut) return this.#endSession();
    if (line.cause === "signedOut" || line.cause === "otherUser") return this.#userRejected(line.cause);
    this.#batch(() => {
      this.#set({ connection: line });
      s.outboxSender.dispatch({ type: "live", live: line.state === "live" });
      if (line.state !== "live") return;
      s.activity.connected();
      void s.outboxSender.adopt();
      for (const id of this.snapshot.state.chats.keys()) s.refetcher.checkChat(id);
    });
  }

  /** Resolves when there is a connection again, at the latest after reconnectWaitMs. */
  #reconnected(): Promise<void> {
    return new Promise((ok) => {
      const look = () => this.snapshot.connection.state === "live" && done();
      const stop = this.subscribe(look);
      const timer = setTimeout(() => done(), reconnectWaitMs);
      const done = () => {
        clearTimeout(timer);
        stop();
        ok();
      };
      look();
    });
  }

  #receive(v: Event | Signal): void {
    const s = this.#session;
    if (!s) return;
    if ("signal" in v) {
      const at = Date.now();
      this.#dispatch({ type: "signal", signal: v, at });
      if (v.signal === "typing") setTimeout(() => this.#dispatch({ type: "tick", at: Date.now() }), typingMs);
      if (v.signal === "chat") s.activity.connected(); // it may be one in view
      if ("chatId" in v) s.refetcher.checkChat(v.chatId);
      return;
    }
    this.#dispatch({ type: "event", event: v });
    if (v.event === "posted" && v.by === this.snapshot.state.me?.id && v.clientId) s.outboxSender.dispatch({ type: "arrived", clientId: v.clientId });
    s.refetcher.checkEvent(v);
    this.#trimUnfocused(v.chatId);
  }

  /** Drops all but the newest messages of a chat that is not in view. */
  #trimUnfocused(chatId: ChatId): void {
    if (this.#session?.activity.isFocused(chatId)) return;
    const c = this.snapshot.state.chats.get(chatId);
    const last = c?.timeline?.at(-1)?.messages;
    if (last && last.length > maxMessages) this.#dispatch({ type: "trim", chatId, from: last.at(-keptMessages)!.seq, to: c.seen });
  }

  #addChat({ chat, users }: { chat: Entry; users: readonly User[] }): ChatId {
    this.#dispatch({ type: "entry", entry: chat, users });
    this.#notifyScheduler.flush(); // the caller navigates there
    return chat.id;
  }

  #dispatch(a: Action): void {
    this.#batch(() => {
      const state = reduce(this.snapshot.state, a);
      if (state === this.snapshot.state) return;
      this.#set({ state });
      this.#session?.outboxSender.dispatch({ type: "seen", seen: (id) => (state.me ? state.chats.get(id)?.seen : 0) });
    });
  }

  #set(part: Partial<Snapshot>): void {
    this.#batch(() => void (this.snapshot = { ...this.snapshot, ...part }));
  }

  /** Notifies listeners once for all changes that it makes. */
  #batch(change: () => void): void {
    this.#batchDepth++;
    try {
      change();
    } finally {
      this.#batchDepth--;
      if (this.#batchDepth === 0 && this.published !== this.snapshot) this.#notifyScheduler.schedule();
    }
  }
}
