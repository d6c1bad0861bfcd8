// Moves the outbox: sends what is due, keeps what is not acknowledged, and looks
// after what closed tabs left.
import { asFailure } from "./failure.ts";
import { newId } from "./id.ts";
import { type Outbox, due, nextDueAt, emptyOutbox, type OutboxAction, type Pending, reduceOutbox } from "./outbox.ts";
import type { ChatId, Fields, Ok, Quote } from "./wire.ts";

/** Where messages outlive the page. Each is its tab's own, so that no two tabs send one side by side. */
export interface OutboxStore {
  put: (p: Pending) => void;
  remove: (p: Pending) => void;
  /** Makes the tab the owner of what tabs that are no more left, and gives all that it owns. */
  adopt: () => Promise<readonly Pending[]>;
}

const adoptEveryMs = 15_000;

export class OutboxSender {
  outbox: Outbox = emptyOutbox;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #adopting: ReturnType<typeof setInterval>;
  #tab: string;
  #store: OutboxStore;
  #send: (post: Fields<"post">) => Promise<Ok<"post">>;
  #changed: () => void;
  /** What has left the box: an adoption that began before may still name it. */
  #removed = new Set<string>();
  #stopped = false;

  constructor(tab: string, keeper: OutboxStore, send: (post: Fields<"post">) => Promise<Ok<"post">>, changed: () => void) {
    this.#tab = tab;
    this.#store = keeper;
    this.#send = send;
    this.#changed = changed;
    this.#adopting = setInterval(() => void this.adopt(), adoptEveryMs);
    void this.adopt();
  }

  /** It is in the box at once, and on disk as soon as that goes. */
  enqueue(chatId: ChatId, text: string, reply?: Quote): string {
    const clientId = newId();
    const at = Math.max(Date.now(), this.outbox.pending.at(-1)?.at ?? 0); // a clock that is set back changes no order
    this.dispatch({ type: "written", pending: { clientId, chatId, text, ...(reply && { reply }), at, tab: this.#tab, state: "waiting" } });
    return clientId;
  }

  dispatch(i: OutboxAction): void {
    if (this.#stopped) return;
    const before = this.outbox;
    this.outbox = reduceOutbox(before, i);
    if (this.outbox === before) return;
    if (this.outbox.pending !== before.pending) this.#persist(before.pending);
    this.#run();
    this.#changed();
  }

  async adopt(): Promise<void> {
    try {
      const found = await this.#store.adopt();
      this.dispatch({ type: "found", pending: found.filter((p) => !this.#removed.has(p.clientId)) });
    } catch {
      // Storage fails: what is in the box is sent all the same.
    }
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
    clearInterval(this.#adopting);
  }

  #run(): void {
    clearTimeout(this.#timer);
    for (const p of due(this.outbox, Date.now())) {
      this.outbox = reduceOutbox(this.outbox, { type: "sending", clientId: p.clientId });
      this.#send({ chatId: p.chatId, clientId: p.clientId, text: p.text, replyTo: p.reply?.seq }).then(
        (ok) => this.dispatch({ type: "accepted", clientId: p.clientId, seq: ok.seq }),
        (err) => this.dispatch({ type: "refused", clientId: p.clientId, failure: asFailure(err), at: Date.now() }),
      );
    }
    const at = nextDueAt(this.outbox);
    if (at === undefined) return;
    this.#timer = setTimeout(() => {
      this.#run();
      this.#changed();
    }, Math.max(0, at - Date.now()));
  }

  /** Brings the disk to what the box holds. One that is on its way counts as waiting there. */
  #persist(before: readonly Pending[]): void {
    const old = new Map(before.map((p) => [p.clientId, p]));
    for (const p of this.outbox.pending) {
      const was = old.get(p.clientId);
      old.delete(p.clientId);
      if (p === was) continue;
      if (p.state === "sent") this.#store.remove(p);
      else if (persistedKey(p) !== (was && persistedKey(was))) this.#store.put(p.state === "sending" ? { ...p, state: "waiting" } : p);
    }
    for (const p of old.values()) {
      this.#removed.add(p.clientId);
      this.#store.remove(p);
    }
  }
}

const persistedKey = (p: Pending) => `${p.state === "failed"} ${p.at} ${p.tab}`;
