// Fetches what the state lacks: events after a gap, stale entries, messages with unsure reactions,
// unknown users.
import type { Api } from "./api.ts";
import type { PageRequest } from "./chatModel.ts";
import type { Socket } from "./socket.ts";
import type { Action, State } from "./state.ts";
import { messageAt } from "./timeline.ts";
import type { ChatId, Event, UserId } from "./wire.ts";

const batchMs = 50; // collects ids of users, and waits for the events that follow the one that made an entry stale
const retryMs = 2000;

export class Refetcher {
  #api: Api;
  #socket: Socket;
  #state: () => State;
  #dispatch: (a: Action) => void;
  /** Keys of the requests under way. */
  #inFlight = new Set<string>();
  #unknown = new Set<UserId>();
  #timers = new Set<ReturnType<typeof setTimeout>>();

  constructor(api: Api, socket: Socket, state: () => State, dispatch: (a: Action) => void) {
    this.#api = api;
    this.#socket = socket;
    this.#state = state;
    this.#dispatch = dispatch;
  }

  stop(): void {
    for (const t of this.#timers) clearTimeout(t);
    this.#inFlight.clear();
  }

  /** Fetches what a chat lacks after an event, a signal or a page. */
  checkChat(id: ChatId): void {
    const c = this.#state().chats.get(id);
    if (c?.gap) this.#once(`gap ${id}`, () => this.#resume(id));
    if (c?.stale) this.#once(`entry ${id}`, () => this.#delay(batchMs).then(() => this.#fetchEntry(id)), () => this.checkChat(id));
  }

  /** Fetches the message and the users of an event if they are unsure or unknown. */
  checkEvent(e: Event): void {
    this.checkChat(e.chatId);
    this.checkUsers("users" in e ? [e.by, ...e.users] : [e.by]);
    const c = this.#state().chats.get(e.chatId);
    if (e.event === "reacted" && c && [c.timeline && messageAt(c.timeline, e.target), c.thread?.messages.find((m) => m.seq === e.target)].some((m) => m?.unsure)) {
      this.#once(`message ${e.chatId} ${e.target}`, () => this.#fetchMessage(e.chatId, e.target));
    }
  }

  /** Fetches unknown users, several in one request. */
  checkUsers(ids: readonly UserId[]): void {
    for (const id of ids) if (!this.#state().users.has(id)) this.#unknown.add(id);
    if (this.#unknown.size) this.#once("names", () => this.#delay(batchMs).then(() => this.#fetchUsers()), () => this.checkUsers([]));
  }

  async #resume(id: ChatId): Promise<void> {
    const { epoch, chats } = this.#state();
    const c = chats.get(id);
    if (c) await this.#socket.command("resume", { epoch, seen: { [id]: c.seen }, at: c.seenAt === undefined ? undefined : { [id]: c.seenAt } });
  }

  async #fetchEntry(id: ChatId): Promise<void> {
    const asked = this.#state().chats.get(id)?.mine;
    const { chat, users } = await this.#api.chat(id);
    if (this.#state().chats.has(id)) this.#dispatch({ type: "entry", entry: chat, users, asked });
    if (this.#state().chats.get(id)?.stale) await this.#delay(retryMs); // the response was older than an event
  }

  async #fetchMessage(chatId: ChatId, target: number): Promise<void> {
    const request: PageRequest = { window: { around: target, limit: 1 } };
    this.#dispatch({ type: "requestStarted", chatId, request });
    try {
      this.#dispatch({ type: "page", chatId, request, page: await this.#socket.command("history", { chatId, ...request.window }) });
    } catch (err) {
      this.#dispatch({ type: "requestEnded", chatId, request });
      throw err;
    }
  }

  async #fetchUsers(): Promise<void> {
    const { users, limits } = this.#state();
    const ids = [...this.#unknown].filter((id) => !users.has(id)).slice(0, limits.page);
    for (const id of ids) this.#unknown.delete(id);
    if (ids.length) this.#dispatch({ type: "users", users: (await this.#api.usersById(ids)).users });
  }

  /** Runs one request per key at a time. A failed one is made again by the next check, at the latest after a hello. */
  #once(key: string, run: () => Promise<void>, then = () => {}): void {
    if (this.#inFlight.has(key)) return;
    this.#inFlight.add(key);
    const done = () => this.#inFlight.delete(key);
    run().then(() => done() && then(), done);
  }

  #delay(ms: number): Promise<void> {
    return new Promise((ok) => {
      const timer = setTimeout(() => {
        this.#timers.delete(timer);
        ok();
      }, ms);
      this.#timers.add(timer);
    });
  }
}
