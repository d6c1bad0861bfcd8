// Drives the outbox: sends what is due, stores what is not acknowledged, and adopts the messages
// of closed tabs.
import { asFailure } from "./failure.ts";
import { newId } from "./id.ts";
import { type Outbox, due, nextDueAt, emptyOutbox, type OutboxAction, type Pending, type PendingFile, reduceOutbox } from "./outbox.ts";
import type { ChatId, Fields, FileId, Ok, Quote } from "./wire.ts";

/** Stores messages beyond the page. Each has one owning tab, so that no two tabs send it at the same time. */
export interface OutboxStore {
  put: (p: Pending) => void;
  remove: (p: Pending) => void;
  /** Makes this tab the owner of closed tabs' messages and returns all that it owns. */
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
  /** Messages that have left the outbox: an adoption that began earlier may still return them. */
  #removed = new Set<string>();
  #stopped = false;

  constructor(tab: string, store: OutboxStore, send: (post: Fields<"post">) => Promise<Ok<"post">>, changed: () => void) {
    this.#tab = tab;
    this.#store = store;
    this.#send = send;
    this.#changed = changed;
    this.#adopting = setInterval(() => void this.adopt(), adoptEveryMs);
    void this.adopt();
  }

  /** Adds a message to the outbox, and stores it without waiting for that. Returns its clientId. */
  enqueue(chatId: ChatId, text: string, reply?: Quote, files: readonly PendingFile[] = [], silent = false): string {
    const clientId = newId();
    const at = Math.max(Date.now(), this.outbox.pending.at(-1)?.at ?? 0); // keeps the order if the clock is set back
    this.dispatch({ type: "written", pending: { clientId, chatId, text, ...(reply && { reply }), ...(files.length && { files }), ...(silent && { silent }), at, tab: this.#tab, state: "waiting" } });
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
      // Without storage the messages in memory are still sent.
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
      this.#send({ chatId: p.chatId, clientId: p.clientId, text: p.text, replyTo: p.reply?.seq, files: p.files?.map((f) => f.id!), alts: altsOf(p), silent: p.silent }).then(
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

  /** Stores the changes since `before`. A message that is being sent is stored as waiting. */
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

const persistedKey = (p: Pending) => `${p.state === "failed"} ${p.at} ${p.tab} ${p.files?.map((f) => `${f.key} ${f.id} ${f.complete}`).join()}`;

/** Returns the descriptions of the files by their ids; undefined if there are none. */
function altsOf({ files = [] }: Pending): Record<FileId, string> | undefined {
  const described = files.filter((f) => f.alt);
  return described.length ? Object.fromEntries(described.map((f) => [f.id!, f.alt!])) : undefined;
}
