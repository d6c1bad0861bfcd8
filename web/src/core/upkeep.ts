// Fetches what the state says it lacks: events after a gap, counts, messages whose
// reactions are unsure, names.
import type { Api } from "./api.ts";
import type { Ask } from "./chat.ts";
import type { Socket } from "./socket.ts";
import type { Action, State } from "./state.ts";
import { messageAt } from "./timeline.ts";
import type { ChatId, Event, UserId } from "./wire.ts";

const soonMs = 50; // gathers names, and lets what made an entry stale pass
const againMs = 2000;
const idsInOne = 50;

export class Upkeep {
  #api: Api;
  #socket: Socket;
  #state: () => State;
  #say: (a: Action) => void;
  /** Requests under way and ids that were asked for, each once. */
  #busy = new Set<string>();
  #unknown = new Set<UserId>();
  #timers = new Set<ReturnType<typeof setTimeout>>();

  constructor(api: Api, socket: Socket, state: () => State, say: (a: Action) => void) {
    this.#api = api;
    this.#socket = socket;
    this.#state = state;
    this.#say = say;
  }

  stop(): void {
    for (const t of this.#timers) clearTimeout(t);
    this.#busy.clear();
  }

  /** After an event, a signal or a page. */
  look(id: ChatId): void {
    const c = this.#state().chats.get(id);
    if (c?.gap) this.#once(`gap ${id}`, () => this.#resume(id));
    if (c?.stale) this.#once(`entry ${id}`, () => this.#later(soonMs).then(() => this.#entry(id)), () => this.look(id));
  }

  /** After an event: was it for a message, or by somebody, that is not held well enough? */
  judge(e: Event): void {
    this.look(e.chatId);
    this.meet("users" in e ? [e.by, ...e.users] : [e.by]);
    const c = this.#state().chats.get(e.chatId);
    if (e.event === "reacted" && c?.timeline && messageAt(c.timeline, e.target)?.unsure) {
      this.#once(`message ${e.chatId} ${e.target}`, () => this.#message(e.chatId, e.target));
    }
  }

  /** Names are asked for together. */
  meet(ids: readonly UserId[]): void {
    for (const id of ids) if (!this.#state().users.has(id)) this.#unknown.add(id);
    if (this.#unknown.size) this.#once("names", () => this.#later(soonMs).then(() => this.#names()), () => this.meet([]));
  }

  async #resume(id: ChatId): Promise<void> {
    const { epoch, chats } = this.#state();
    const c = chats.get(id);
    if (c) await this.#socket.command("resume", { epoch, seen: { [id]: c.seen }, at: c.seenAt === undefined ? undefined : { [id]: c.seenAt } });
  }

  async #entry(id: ChatId): Promise<void> {
    const { chat, users } = await this.#api.chat(id);
    if (this.#state().chats.has(id)) this.#say({ type: "entry", entry: chat, users });
    if (this.#state().chats.get(id)?.stale) await this.#later(againMs); // the answer was older than an event
  }

  async #message(chatId: ChatId, target: number): Promise<void> {
    const ask: Ask = { window: { around: target, limit: 1 } };
    this.#say({ type: "asked", chatId, ask });
    try {
      this.#say({ type: "page", chatId, ask, page: await this.#socket.command("history", { chatId, ...ask.window }) });
    } catch (err) {
      this.#say({ type: "unasked", chatId, ask });
      throw err;
    }
  }

  async #names(): Promise<void> {
    const ids = [...this.#unknown].filter((id) => !this.#state().users.has(id)).slice(0, idsInOne);
    for (const id of ids) this.#unknown.delete(id);
    if (ids.length) this.#say({ type: "users", users: (await this.#api.usersById(ids)).users });
  }

  /** One request of a kind at a time. What fails is asked for again by the next look, at the latest after a hello. */
  #once(what: string, run: () => Promise<void>, then = () => {}): void {
    if (this.#busy.has(what)) return;
    this.#busy.add(what);
    const done = () => this.#busy.delete(what);
    run().then(() => done() && then(), done);
  }

  #later(ms: number): Promise<void> {
    return new Promise((ok) => {
      const timer = setTimeout(() => {
        this.#timers.delete(timer);
        ok();
      }, ms);
      this.#timers.add(timer);
    });
  }
}
