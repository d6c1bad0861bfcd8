// The client without its views: who is signed in, and what the user can do.
// Views read the store's snapshot and call the methods.
import { Api, type MentionsPage, type NewAccount, type NewChat, type SearchPage } from "./api.ts";
import type { PageRequest } from "./chatModel.ts";
import { Clock } from "./clock.ts";
import { EarlySocket, saveSignedIn } from "./earlySocket.ts";
import { asFailure, notSignedIn } from "./failure.ts";
import { type LocalDB, openLocalDB } from "./localDB.ts";
import { optimistic } from "./optimistic.ts";
import { type Change, sendChange } from "./sendChange.ts";
import { openSocket } from "./socket.ts";
import { type Action, emptyState, reduce } from "./state.ts";
import { scrub, Storage } from "./storage.ts";
import { initialSnapshot, Store } from "./store.ts";
import { TabChannel, type TabMessage } from "./tabChannel.ts";
import { Tabs } from "./tabs.ts";
import type { NewFile } from "./uploader.ts";
import { UserSession } from "./userSession.ts";
import type { ChatId, Entry, Fields, Message, Mine, Ok, Quote, Seq, Settings, User, UserId, Verb, HistoryWindow } from "./wire.ts";

const retryMs = 5000;
const threadPage = 100; // messages

export class Core {
  readonly clock = new Clock();
  readonly store = new Store();
  #api: Api;
  #localDB: Promise<LocalDB>;
  #tabs: Promise<Tabs>;
  #early: EarlySocket;
  #channel: TabChannel;
  #session: UserSession | undefined;
  #lastUser: UserId | undefined; // the user of this page's last session
  #version = "";
  #retryTimer: ReturnType<typeof setTimeout> | undefined;
  #signingOut = false; // by this page's user

  constructor(api = new Api(), localDB = openLocalDB(), open = openSocket, channel = new TabChannel()) {
    this.#api = api;
    this.#localDB = localDB;
    this.#tabs = localDB.then((s) => new Tabs(s));
    this.#early = new EarlySocket(open);
    this.#channel = channel;
    channel.onMessage = (n) => void this.#onTabMessage(n);
  }

  /** The API with the session's user, or without one. */
  get api(): Api {
    return this.#session?.api ?? this.#api;
  }

  /** Asks the server who is signed in, again and again until it answers. */
  async start(): Promise<void> {
    clearTimeout(this.#retryTimer);
    if (!this.#lastUser && this.store.snapshot.phase === "starting") this.#early.start();
    try {
      const { user } = await this.#api.me();
      if (this.#session) return;
      if (!this.#lastUser || this.#lastUser === user.id) return await this.#startSession(user);
      this.store.set({ phase: "otherUser", otherUser: user });
      await this.#scrub(user.id);
    } catch (err) {
      const failure = asFailure(err);
      if (this.#session) return;
      if (failure.code === "no_identity") return this.#signedOut(this.#lastUser ? "signedOut" : undefined);
      this.store.set({ phase: "unreachable", failure });
      if (failure.retryable) this.#retryTimer = setTimeout(() => void this.start(), failure.retryAfterMs ?? retryMs);
    } finally {
      this.#early.drop();
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
      saveSignedIn(false);
      this.#endSession();
    } finally {
      this.#signingOut = false;
    }
  }

  /** Checks the connection: the device woke up, is online again, or the page is visible again. */
  wake(): void {
    this.#session?.socket.wake();
    void this.#tabs.then((t) => t.renew());
    if (this.store.snapshot.phase === "unreachable") void this.start();
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
    const opens = !this.store.snapshot.state.chats.get(chatId)?.timeline?.length;
    await this.#request(chatId, async (_, request) => ({ type: "page", chatId, request, page: await this.command("history", { chatId, ...window }) }), { window });
    if (opens) this.store.scheduler.flush(); // the user waits for it; a page that a scroll loads waits for its turn
  }

  /** Loads the events of a part of the log, for its lines. A failure leaves them out until the next visit. */
  loadLines(chatId: ChatId, from: Seq, to: Seq): void {
    this.#session?.loadLines(chatId, from, to).catch(() => {});
  }

  /** Loads all members of a chat. */
  async loadMembers(chatId: ChatId): Promise<void> {
    const limit = this.store.snapshot.state.limits.page;
    for (let after: string | undefined, more = true; more; more = !!after) {
      await this.#request(chatId, async (api, request) => {
        const page = await api.members(chatId, { limit, after });
        after = page.next;
        return { type: "members", chatId, request, members: page.members, users: page.users };
      });
    }
  }

  /** Loads the chat's pinned messages. */
  async loadPins(chatId: ChatId): Promise<void> {
    await this.#request(chatId, async (api, request) => ({ type: "pins", chatId, request, ...(await api.pins(chatId)) }));
  }

  /** Loads the next page of a thread. */
  async loadThread(chatId: ChatId, root: Seq): Promise<void> {
    const loaded = this.store.snapshot.state.chats.get(chatId)?.thread;
    const after = loaded?.root === root ? (loaded.messages.at(-1)?.seq ?? 0) : 0;
    await this.#request(chatId, async (api, request) => ({ type: "thread", chatId, request, root, after, page: await api.thread(chatId, root, { after: after || undefined, limit: threadPage }) }));
    if (!after) this.store.scheduler.flush();
  }

  /** The thread is no longer in view. */
  closeThread(chatId: ChatId, root: Seq): void {
    this.#session?.dispatch({ type: "threadClosed", chatId, root });
  }

  /** Returns a page of what named the user; the users in it become known. */
  async mentions(q: { before?: string; limit?: number }): Promise<MentionsPage> {
    const page = await this.api.mentions(q);
    this.#session?.dispatch({ type: "users", users: page.users });
    return page;
  }

  /** Searches for messages; the users whom the answer names become known. */
  async search(q: { q: string; limit?: number; cursor?: string; tz?: string }, signal?: AbortSignal): Promise<SearchPage> {
    const page = await this.api.search(q, signal);
    this.#session?.dispatch({ type: "users", users: page.users });
    return page;
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
    this.#session?.dispatch({ type: "trim", chatId, from, to });
  }

  // Messages.

  /** Puts a message into the outbox: it is shown at once, see Snapshot.pending. silent: no push tells of it. */
  post(chatId: ChatId, text: string, reply?: Quote, files: readonly NewFile[] = [], silent = false): void {
    this.#session?.post(chatId, text, reply, files, silent);
    this.store.scheduler.flush();
  }

  /** The files of the next message of each chat, while this user is signed in. */
  get attachments(): Map<ChatId, readonly NewFile[]> {
    return this.#session?.attachments ?? new Map<ChatId, readonly NewFile[]>();
  }

  /** Takes a file out of an unsent message. */
  removeFile(clientId: string, key: string): void {
    this.#session?.outboxSender.dispatch({ type: "fileRemoved", clientId, key });
    this.store.scheduler.flush();
  }

  /** Returns the bytes of a file of an unsent message. */
  async unsentFile(clientId: string, key: string): Promise<Blob | undefined> {
    return this.#session?.unsentFile(clientId, key);
  }

  retry(clientId: string): void {
    this.#session?.outboxSender.dispatch({ type: "retried", clientId, at: Date.now() });
  }

  discard(clientId: string): void {
    this.#session?.outboxSender.dispatch({ type: "discarded", clientId });
  }

  /** Sends an edit, a deletion, a reaction or a pin, see sendChange. @throws {Failure} */
  async change<V extends Change>(verb: V, fields: Fields<V>): Promise<Ok<V>> {
    if (!this.#session) throw notSignedIn();
    return sendChange(this.store, this.#session.socket, verb, fields);
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

  /** Marks the newest message of a chat that is not deleted as unread. @throws {Failure} */
  async markUnread(chatId: ChatId): Promise<void> {
    const { chats, limits } = this.store.snapshot.state;
    const there = (m: Message | undefined) => m && !m.deletedAt;
    const known = chats.get(chatId)?.last;
    const newest = there(known) ? known : (await this.command("history", { chatId, limit: limits.page })).messages.findLast(there);
    if (newest) await this.changeMine(chatId, { unreadFrom: newest.seq });
  }

  /** Changes the user's own settings of a chat: at once here, and back if it fails. @throws {Failure} */
  async changeMine(chatId: ChatId, change: Partial<Mine>): Promise<void> {
    const s = this.#session;
    const before = this.store.snapshot.state.chats.get(chatId)?.mine;
    if (!s || !before) throw notSignedIn();
    const now = () => this.store.snapshot.state.chats.get(chatId)?.mine;
    const saved = optimistic(this.store, before, change, now, (change) => s.dispatch({ type: "mine", chatId, change }), () => s.api.changeMine(chatId, change));
    if (change.unreadFrom) s.activity.unread(chatId, saved);
    await saved;
  }

  /** Changes the user's own settings in the same way. @throws {Failure} */
  async changeSettings(change: Partial<Settings>): Promise<void> {
    const s = this.#session;
    if (!s) throw notSignedIn();
    const now = () => this.store.snapshot.state.settings;
    await optimistic(this.store, now(), change, now, (change) => s.dispatch({ type: "settings", change }), () => s.api.changeMe({ settings: change }));
  }

  typing(chatId: ChatId): void {
    this.store.scheduler.keystroke();
    this.#session?.activity.typing(chatId);
  }

  /** Sets the chats in view. The server sends typing, presence and read pointers of others for these only. */
  focus(chatIds: readonly ChatId[]): void {
    this.#session?.activity.focus(chatIds);
  }

  /** Makes a request whose response the chat's events must be applied to, see Action. */
  async #request(chatId: ChatId, load: (api: Api, request: PageRequest) => Promise<Action>, request: PageRequest = {}): Promise<void> {
    const s = this.#session, { api } = this;
    s?.dispatch({ type: "requestStarted", chatId, request });
    try {
      s?.dispatch(await load(api, request));
    } catch (err) {
      s?.dispatch({ type: "requestEnded", chatId, request });
      throw err;
    }
  }

  async #startSession(me: User): Promise<void> {
    this.#endSession();
    const [localDB, tabs] = await Promise.all([this.#localDB, this.#tabs]);
    if (this.#session) return;
    this.#lastUser = me.id;
    saveSignedIn(true);
    const { store, clock } = this;
    const api = this.#api.forUser(me.id, (f) => this.#session?.api === api && !this.#signingOut && this.#userRejected(f.field === "Parley-User" ? "otherUser" : "signedOut"));
    const s = this.#session = new UserSession(me, {
      api, store, clock, localDB, tabs, open: () => this.#early.take(),
      draftSaved: (key) => this.#channel.send({ type: "draft", user: me.id, key }),
      greeted: (version) => {
        this.#version ||= version;
        store.set({ outdated: version !== this.#version });
      },
      lost: ({ state, cause }) => {
        if (state === "ended" && this.#signingOut) this.#endSession();
        else if (cause === "signedOut" || cause === "otherUser") this.#userRejected(cause);
        else return false;
        return true;
      },
    });
    store.set({ ...initialSnapshot, phase: "in", state: reduce(emptyState, { type: "users", users: [me] }), storageProblem: s.storage.storageProblem });
    this.#channel.send({ type: "in", user: me.id });
    void this.#scrub(me.id);
    s.socket.connect();
  }

  #endSession(): void {
    const s = this.#session;
    if (!s) return;
    this.#session = undefined;
    s.end();
    // The next session gets a tab id of its own, so that another tab of this user may adopt the outbox.
    this.#tabs = Promise.all([this.#localDB, this.#tabs]).then(([localDB, tabs]) => (tabs.close(), new Tabs(localDB)));
    this.store.set({ ...initialSnapshot, phase: "out" });
  }

  /** The session ended without this page's doing. */
  #signedOut(cause?: "signedOut" | "left"): void {
    saveSignedIn(false);
    const { storageProblem, unsavedText } = this.store.snapshot; // the stored texts stay
    this.store.batch(() => {
      this.#endSession();
      this.store.set({ ...initialSnapshot, phase: "out", ...(cause && { connection: { state: "ended", cause } }), ...(cause === "signedOut" && { storageProblem, unsavedText }) });
    });
    void this.#scrub();
  }

  /** The server rejected this page's user. */
  #userRejected(cause: "signedOut" | "otherUser"): void {
    if (cause === "signedOut") return this.#signedOut(cause);
    const { storageProblem, unsavedText } = this.store.snapshot;
    this.store.batch(() => {
      this.#endSession();
      this.store.set({ ...initialSnapshot, storageProblem, unsavedText }); // phase "starting": the server says who is signed in now
    });
    void this.start();
  }

  /** Handles a message of another page of this browser. */
  async #onTabMessage(n: TabMessage): Promise<void> {
    if (n.type === "draft") return n.user === this.#session?.me ? this.#session.storage.notifyWatchers(n.key) : undefined;
    if (n.type === "in") {
      const now = this.#session?.me ?? (this.store.snapshot.phase === "otherUser" ? this.store.snapshot.otherUser?.id : undefined);
      if (this.#lastUser && now !== n.user) this.#userRejected("otherUser");
      return;
    }
    if (this.#lastUser !== n.user) return this.store.snapshot.phase === "otherUser" ? void this.start() : undefined;
    const s = this.#session;
    const storage = s?.storage ?? new Storage(await this.#localDB, await this.#tabs, n.user);
    s?.outboxSender.stop();
    await storage.clear().catch(() => {}); // this page may have written after the other one erased
    if (!this.#signingOut && this.#session === s) this.#signedOut("left");
  }

  #scrub(signedIn?: UserId): Promise<void> {
    return this.#localDB.then((localDB) => scrub(localDB, signedIn)).catch(() => {});
  }

  #addChat({ chat, users }: { chat: Entry; users: readonly User[] }): ChatId {
    this.#session?.dispatch({ type: "entry", entry: chat, users });
    this.store.scheduler.flush(); // the caller navigates there
    return chat.id;
  }
}
