// Reports to the server what the user has read, that they are typing, and which chats are in view.
// Read positions are throttled; the last one wins.
import { readTo } from "./counts.ts";
import { asFailure } from "./failure.ts";
import type { Socket } from "./socket.ts";
import type { State } from "./state.ts";
import type { ChatId, Seq } from "./wire.ts";

const readMs = 1000;
const typingMs = 3000;

export class ActivityReporter {
  #socket: Socket;
  #state: () => State;
  #acknowledged: (chatId: ChatId, seq: Seq) => void;
  #readUpTo = new Map<ChatId, Seq>();
  #timers = new Map<ChatId, ReturnType<typeof setTimeout>>();
  #marking = new Map<ChatId, Promise<unknown>>();
  #typingSentAt = new Map<ChatId, number>();
  #focus: readonly ChatId[] = [];

  /** acknowledged is called when the server has moved the read pointer. */
  constructor(socket: Socket, state: () => State, acknowledged: (chatId: ChatId, seq: Seq) => void) {
    this.#socket = socket;
    this.#state = state;
    this.#acknowledged = acknowledged;
  }

  read(chatId: ChatId, seq: Seq): void {
    const chat = this.#state().chats.get(chatId);
    if (!chat || seq <= Math.max(this.#readUpTo.get(chatId) ?? 0, readTo(chat))) return;
    this.#readUpTo.set(chatId, seq);
    if (!this.#timers.has(chatId)) this.#sendRead(chatId);
  }

  /** Drops what was not reported yet: the user marked it as unread. What is read next waits until that is saved. */
  unread(chatId: ChatId, saved?: Promise<unknown>): void {
    this.#readUpTo.delete(chatId);
    if (!saved) return;
    this.#marking.set(chatId, saved);
    const done = () => {
      if (this.#marking.get(chatId) !== saved) return;
      this.#marking.delete(chatId);
      if (!this.#timers.has(chatId)) this.#sendRead(chatId);
    };
    saved.then(done, done);
  }

  typing(chatId: ChatId): void {
    const now = Date.now();
    if (now - (this.#typingSentAt.get(chatId) ?? -Infinity) < typingMs) return;
    this.#typingSentAt.set(chatId, now);
    this.#socket.command("typing", { chatId }).catch(() => {});
  }

  focus(chatIds: readonly ChatId[]): void {
    if (chatIds.join() === this.#focus.join()) return;
    this.#focus = chatIds;
    this.#sendFocus();
  }

  isFocused(chatId: ChatId): boolean {
    return this.#focus.includes(chatId);
  }

  /** Reports everything again: a new connection starts without it. */
  connected(): void {
    if (this.#focus.length) this.#sendFocus();
    for (const chatId of this.#readUpTo.keys()) if (!this.#timers.has(chatId)) this.#sendRead(chatId);
  }

  stop(): void {
    for (const t of this.#timers.values()) clearTimeout(t);
  }

  #sendFocus(): void {
    // One chat that the user has just left would fail the whole command.
    const chatIds = this.#focus.filter((id) => this.#state().chats.has(id));
    this.#socket.command("focus", { chatIds }).catch(() => {});
  }

  #sendRead(chatId: ChatId): void {
    const seq = this.#readUpTo.get(chatId);
    if (seq === undefined || this.#marking.has(chatId)) return;
    this.#timers.set(chatId, setTimeout(() => {
      this.#timers.delete(chatId);
      if (this.#socket.connection.state === "live") this.#sendRead(chatId);
    }, readMs));
    this.#socket.command("read", { chatId, seq }).then(
      () => {
        if (this.#readUpTo.get(chatId) === seq) this.#readUpTo.delete(chatId);
        this.#acknowledged(chatId, seq);
      },
      (err) => {
        // Without a connection the position is sent on the next one; one that is refused for good is dropped.
        if (!asFailure(err).retryable && this.#readUpTo.get(chatId) === seq) this.#readUpTo.delete(chatId);
      },
    );
  }
}
