// Moves the outbox: sends what is due, keeps what is not acknowledged, and looks
// after what closed tabs left.
import { asFailure } from "./failure.ts";
import { newId } from "./id.ts";
import { type Box, due, dueAt, emptyBox, type Input, type Pending, step } from "./outbox.ts";
import type { ChatId, Fields, Ok, Quote } from "./wire.ts";

/** Where messages outlive the page. Each is its tab's own, so that no two tabs send one side by side. */
export interface Keeper {
  put(p: Pending): void;
  remove(p: Pending): void;
  /** Makes the tab the owner of what tabs that are no more left, and gives all that it owns. */
  adopt(): Promise<readonly Pending[]>;
}

const adoptEveryMs = 15_000;

export class Courier {
  box: Box = emptyBox;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #adopting: ReturnType<typeof setInterval>;
  #tab: string;
  #keeper: Keeper;
  #send: (post: Fields<"post">) => Promise<Ok<"post">>;
  #changed: () => void;
  /** What has left the box: an adoption that began before may still name it. */
  #left = new Set<string>();
  #stopped = false;

  constructor(tab: string, keeper: Keeper, send: (post: Fields<"post">) => Promise<Ok<"post">>, changed: () => void) {
    this.#tab = tab;
    this.#keeper = keeper;
    this.#send = send;
    this.#changed = changed;
    this.#adopting = setInterval(() => this.adopt(), adoptEveryMs);
    this.adopt();
  }

  /** It is in the box at once, and on disk as soon as that goes. */
  write(chatId: ChatId, text: string, reply?: Quote): string {
    const clientId = newId();
    const at = Math.max(Date.now(), this.box.pending.at(-1)?.at ?? 0); // a clock that is set back changes no order
    this.do({ type: "written", pending: { clientId, chatId, text, ...(reply && { reply }), at, tab: this.#tab, state: "waiting" } });
    return clientId;
  }

  do(i: Input): void {
    if (this.#stopped) return;
    const before = this.box;
    this.box = step(before, i);
    if (this.box === before) return;
    if (this.box.pending !== before.pending) this.#keep(before.pending);
    this.#run();
    this.#changed();
  }

  async adopt(): Promise<void> {
    try {
      const found = await this.#keeper.adopt();
      this.do({ type: "found", pending: found.filter((p) => !this.#left.has(p.clientId)) });
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
    for (const p of due(this.box, Date.now())) {
      this.box = step(this.box, { type: "sending", clientId: p.clientId });
      this.#send({ chatId: p.chatId, clientId: p.clientId, text: p.text, replyTo: p.reply?.seq }).then(
        (ok) => this.do({ type: "accepted", clientId: p.clientId, seq: ok.seq }),
        (err) => this.do({ type: "refused", clientId: p.clientId, failure: asFailure(err), at: Date.now() }),
      );
    }
    const at = dueAt(this.box);
    if (at === undefined) return;
    this.#timer = setTimeout(() => {
      this.#run();
      this.#changed();
    }, Math.max(0, at - Date.now()));
  }

  /** Brings the disk to what the box holds. One that is on its way counts as waiting there. */
  #keep(before: readonly Pending[]): void {
    const old = new Map(before.map((p) => [p.clientId, p]));
    for (const p of this.box.pending) {
      const was = old.get(p.clientId);
      old.delete(p.clientId);
      if (p === was) continue;
      if (p.state === "sent") this.#keeper.remove(p);
      else if (kept(p) !== (was && kept(was))) this.#keeper.put(p.state === "sending" ? { ...p, state: "waiting" } : p);
    }
    for (const p of old.values()) {
      this.#left.add(p.clientId);
      this.#keeper.remove(p);
    }
  }
}

const kept = (p: Pending) => `${p.state === "failed"} ${p.at} ${p.tab}`;
