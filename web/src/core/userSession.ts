// What exists while a user is signed in: the connection, the outbox and the stored texts of that user.
import { ActivityReporter } from "./activityReporter.ts";
import type { Api } from "./api.ts";
import { typingMs } from "./chat.ts";
import type { Clock } from "./clock.ts";
import type { LocalDB } from "./localDB.ts";
import { loadChunk } from "./loadChunk.ts";
import { OutboxSender } from "./outboxSender.ts";
import { lineOf } from "./lines.ts";
import { Refetcher } from "./refetcher.ts";
import { type ConnectionState, Socket, type WebSocketLike } from "./socket.ts";
import { type Action, resumeSeqs, resumeTimes } from "./state.ts";
import { Storage } from "./storage.ts";
import type { Store } from "./store.ts";
import type { Tabs } from "./tabs.ts";
import type { NewFile, Uploader } from "./uploader.ts";
import type { ChatId, Event, Quote, Seq, Signal, User, UserId } from "./wire.ts";

const keptMessages = 200; // of a chat that is not in view
const maxMessages = 400;
const loadAgainMs = 5000;
const shownNames = 5; // of the users of a line, at most
const longestTimerMs = 2 ** 31 - 1;

/** Loads what uploads files. Most pages send none. */
export const loadUploader = loadChunk(() => import("./uploader.ts"));

interface Options {
  api: Api;
  store: Store;
  clock: Clock;
  localDB: LocalDB;
  tabs: Tabs;
  open: () => WebSocketLike;
  /** Called for each draft that is saved here. */
  draftSaved: (key: string) => void;
  /** Called with each hello, in its batch. */
  greeted: (version: string) => void;
  /** Called for each state without a connection. Returns whether the session has ended with it. */
  lost: (connection: ConnectionState) => boolean;
}

export class UserSession {
  readonly me: UserId;
  readonly api: Api;
  readonly storage: Storage;
  readonly outboxSender: OutboxSender;
  /** The files of the next message of each chat. */
  readonly attachments: Map<ChatId, readonly NewFile[]> = new Map();
  readonly socket: Socket;
  readonly activity: ActivityReporter;
  /** Bytes of unsent files that were chosen in this page: they need not be stored to be sent. */
  #blobs = new Map<string, Blob>();
  #uploader: Uploader | undefined;
  #loading = false;
  #loadingLines = new Set<string>();
  #refetcher: Refetcher;
  #store: Store;
  #lost: (connection: ConnectionState) => boolean;
  #ended = false;
  #clock: Clock;
  #unmuteTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(me: User, { api, store, clock, localDB, tabs, open, draftSaved, greeted, lost }: Options) {
    this.me = me.id;
    this.api = api;
    this.#store = store;
    this.#clock = clock;
    this.#lost = lost;
    const state = () => store.snapshot.state;
    this.storage = new Storage(localDB, tabs, me.id, draftSaved, () => this.#ended || store.set({ storageProblem: this.storage.storageProblem, unsavedText: this.storage.unsavedText }));
    this.socket = new Socket({
      as: me.id,
      resume: () => ({ epoch: state().epoch || undefined, seen: resumeSeqs(state()), at: resumeTimes(state()) }),
      hello: (ok, resumed, sent) => {
        if (ok.me.id !== me.id) return void lost({ state: "ended", cause: "otherUser" }); // a server without the field "as"
        clock.addSample(ok.now, sent, Date.now());
        const first = !state().epoch;
        store.batch(() => {
          greeted(ok.version);
          this.dispatch({ type: "hello", ok, resumed: resumed.seen ?? {} });
          this.#connectionChanged(this.socket.connection);
        });
        if (first) store.scheduler.flush(); // the user waits for it
      },
      values: (all) => store.batch(() => all.forEach((v) => this.#receive(v))),
      connection: (now) => this.#connectionChanged(now),
    }, open);
    this.outboxSender = new OutboxSender(tabs.id, this.storage, (post) => this.socket.command("post", post), () => {
      const { outbox } = this.outboxSender;
      store.set({ pending: outbox.pending, rateLimitedUntil: outbox.notBefore });
      this.#upload();
    });
    this.#refetcher = new Refetcher(api, this.socket, state, (a) => this.dispatch(a));
    this.activity = new ActivityReporter(this.socket, state, (chatId, seq) => this.dispatch({ type: "read", chatId, seq }));
  }

  end(): void {
    this.#ended = true;
    this.api.close();
    this.storage.end();
    this.outboxSender.stop();
    this.#uploader?.stop();
    this.#refetcher.stop();
    this.activity.stop();
    clearTimeout(this.#unmuteTimer);
    this.socket.end();
  }

  /** Loads the lines of a part of the log, one part at a time, and the users whom they name. */
  async loadLines(chatId: ChatId, from: Seq, to: Seq): Promise<void> {
    const key = `${chatId} ${from}`;
    if (this.#loadingLines.has(key)) return;
    this.#loadingLines.add(key); // a part that failed is not tried again: lines are not worth it
    const { epoch, events, more } = await this.api.events(chatId, { after: from - 1, limit: to - from + 1 });
    this.#loadingLines.delete(key);
    const end = more && events.length ? events.at(-1)!.seq : to;
    this.dispatch({ type: "lines", chatId, epoch, from, to: end, events: events.filter((e) => e.seq <= end) });
    this.#refetcher.checkUsers(events.flatMap((e) => lineOf(e) ?? []).flatMap((l) => [l.by, ...("users" in l ? l.users.slice(0, shownNames) : [])]));
  }

  /** Puts a message into the outbox and stores it with its files. */
  post(chatId: ChatId, text: string, reply: Quote | undefined, files: readonly NewFile[], silent: boolean): void {
    for (const { key, blob } of files) this.#blobs.set(key, blob);
    const clientId = this.outboxSender.enqueue(chatId, text, reply, files.map(({ blob, url: _, original: __, ...f }) => ({ ...f, type: blob.type, size: blob.size })), silent);
    for (const { key, blob } of files) this.storage.putFile(clientId, key, blob);
  }

  /** Returns the bytes of an unsent file. */
  async unsentFile(clientId: string, key: string): Promise<Blob | undefined> {
    return this.#blobs.get(key) ?? this.storage.file(clientId, key);
  }

  /** Uploads the files of the outbox. */
  #upload(): void {
    const { outbox } = this.outboxSender;
    const unsent = new Set(outbox.pending.flatMap((p) => p.files?.map((f) => f.key) ?? []));
    for (const key of this.#blobs.keys()) if (!unsent.has(key)) this.#blobs.delete(key);
    if (this.#uploader) return this.#uploader.sync(outbox);
    if (!unsent.size || !outbox.live || this.#loading) return;
    this.#loading = true;
    loadUploader().then(({ Uploader, xhrTransport }) => {
      if (this.#ended) return;
      this.#uploader = new Uploader({
        send: xhrTransport(this.me),
        read: (clientId, key) => this.unsentFile(clientId, key),
        dispatch: (a) => this.outboxSender.dispatch(a),
        progress: (uploads) => this.#ended || this.#store.set({ uploads }),
      });
      this.#uploader.sync(this.outboxSender.outbox);
    }, () => setTimeout(() => {
      this.#loading = false;
      this.#upload();
    }, loadAgainMs));
  }

  dispatch(a: Action): void {
    if (this.#ended) return;
    this.#store.batch(() => {
      const before = this.#store.snapshot.state;
      this.#store.dispatch(a);
      const { state } = this.#store.snapshot;
      if (state.chats !== before.chats) this.#unmuteLater(a.type);
      if (state !== before) this.outboxSender.dispatch({ type: "seen", seen: (id) => (state.me ? state.chats.get(id)?.seen : 0) });
    });
  }

  #connectionChanged(now: ConnectionState): void {
    if (this.#ended || (now.state !== "live" && this.#lost(now))) return;
    this.#store.batch(() => {
      this.#store.set({ connection: now });
      this.outboxSender.dispatch({ type: "live", live: now.state === "live" });
      if (now.state !== "live") return;
      this.activity.connected();
      void this.outboxSender.adopt();
      for (const id of this.#store.snapshot.state.chats.keys()) this.#refetcher.checkChat(id);
    });
  }

  #receive(v: Event | Signal): void {
    if (this.#ended) return;
    if ("signal" in v) {
      const at = Date.now();
      const marked = v.signal === "mine" && v.mine.unreadFrom !== 0 && v.mine.unreadFrom !== this.#store.snapshot.state.chats.get(v.chatId)?.mine.unreadFrom; // not by this page
      this.dispatch({ type: "signal", signal: v, at });
      if (v.signal === "typing") setTimeout(() => this.dispatch({ type: "tick", at: Date.now() }), typingMs);
      if (marked) this.activity.unread(v.chatId);
      if (v.signal === "chat") this.activity.connected(); // it may be one in view
      if ("chatId" in v) this.#refetcher.checkChat(v.chatId);
      return;
    }
    this.dispatch({ type: "event", event: v });
    if (v.event === "posted" && v.by === this.me && v.clientId) this.outboxSender.dispatch({ type: "arrived", clientId: v.clientId });
    this.#refetcher.checkEvent(v);
    this.#trimUnfocused(v.chatId);
  }

  /** Unmutes the chats whose time is over, now and when the next one ends. */
  #unmuteLater(type: Action["type"]): void {
    if (type === "event" || type === "page" || type === "read") return; // these change no such time
    clearTimeout(this.#unmuteTimer);
    const now = this.#clock.now();
    let next = Infinity;
    for (const { mine } of this.#store.snapshot.state.chats.values()) if (mine.mutedUntil > 0 && mine.mutedUntil < next) next = mine.mutedUntil;
    if (next === Infinity) return;
    if (next <= now) return this.dispatch({ type: "unmute", at: now });
    this.#unmuteTimer = setTimeout(() => this.dispatch({ type: "unmute", at: this.#clock.now() }), Math.min(longestTimerMs, next - now + 1));
  }

  /** Drops all but the newest messages of a chat that is not in view. */
  #trimUnfocused(chatId: ChatId): void {
    if (this.activity.isFocused(chatId)) return;
    const c = this.#store.snapshot.state.chats.get(chatId);
    const last = c?.timeline?.at(-1)?.messages;
    if (last && last.length > maxMessages) this.dispatch({ type: "trim", chatId, from: last.at(-keptMessages)!.seq, to: c.seen });
  }
}
