// What the server is told of the person: what they have read, whether they type,
// where they look. Trailing edge: the last position wins.
import type { Socket } from "./socket.ts";
import type { State } from "./state.ts";
import type { ChatId, Seq } from "./wire.ts";

const readMs = 1000;
const typingMs = 3000;
const mostInFocus = 20;

export class Reader {
  #socket: Socket;
  #state: () => State;
  #taken: (chatId: ChatId, seq: Seq) => void;
  #wanted = new Map<ChatId, Seq>();
  #timers = new Map<ChatId, ReturnType<typeof setTimeout>>();
  #typed = new Map<ChatId, number>();
  #focus: readonly ChatId[] = [];

  /** taken is called when the server has moved the pointer. */
  constructor(socket: Socket, state: () => State, taken: (chatId: ChatId, seq: Seq) => void) {
    this.#socket = socket;
    this.#state = state;
    this.#taken = taken;
  }

  read(chatId: ChatId, seq: Seq): void {
    if (seq <= Math.max(this.#wanted.get(chatId) ?? 0, this.#state().chats.get(chatId)?.readUpTo ?? Infinity)) return;
    this.#wanted.set(chatId, seq);
    if (!this.#timers.has(chatId)) this.#send(chatId);
  }

  typing(chatId: ChatId): void {
    const now = Date.now();
    if (now - (this.#typed.get(chatId) ?? -Infinity) < typingMs) return;
    this.#typed.set(chatId, now);
    this.#socket.command("typing", { chatId }).catch(() => {});
  }

  focus(chatIds: readonly ChatId[]): void {
    const now = chatIds.slice(0, mostInFocus);
    if (now.join() === this.#focus.join()) return;
    this.#focus = now;
    this.#look();
  }

  inFocus(chatId: ChatId): boolean {
    return this.#focus.includes(chatId);
  }

  /** A new connection knows nothing of all that. */
  live(): void {
    if (this.#focus.length) this.#look();
    for (const chatId of this.#wanted.keys()) if (!this.#timers.has(chatId)) this.#send(chatId);
  }

  stop(): void {
    for (const t of this.#timers.values()) clearTimeout(t);
  }

  #look(): void {
    // A chat that one has just lost fails the whole list: name those that are there.
    const chatIds = this.#focus.filter((id) => this.#state().chats.has(id));
    this.#socket.command("focus", { chatIds }).catch(() => {});
  }

  #send(chatId: ChatId): void {
    const seq = this.#wanted.get(chatId);
    if (seq === undefined) return;
    this.#timers.set(chatId, setTimeout(() => {
      this.#timers.delete(chatId);
      if (this.#socket.line.state === "live") this.#send(chatId);
    }, readMs));
    this.#socket.command("read", { chatId, seq }).then(
      () => {
        if (this.#wanted.get(chatId) === seq) this.#wanted.delete(chatId);
        this.#taken(chatId, seq);
      },
      (err) => {
        // Without a connection it waits for the next; refused for good it is dropped.
        if (!err.again && this.#wanted.get(chatId) === seq) this.#wanted.delete(chatId);
      },
    );
  }
}
