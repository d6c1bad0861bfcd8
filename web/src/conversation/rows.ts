// Builds the rows of the message list: messages, days, the divider and unsent messages.
import type { LoadedMessage } from "../core/message.ts";
import type { Pending } from "../core/outbox.ts";
import type { Seq, UserId } from "../core/wire.ts";
import { dayAfter, dayOf } from "../ui/Time.tsx";

export type Row =
  | { readonly kind: "day"; readonly key: string; readonly at: number }
  | { readonly kind: "divider"; readonly key: string }
  | { readonly kind: "message"; readonly key: string; readonly message: LoadedMessage; readonly first: boolean }
  | { readonly kind: "pending"; readonly key: string; readonly pending: Pending; readonly first: boolean };

const together = 5 * 60_000; // within this time an author's messages form one group

/**
 * Returns the rows. divider: the last message that was read, above which the divider stands; undefined for none.
 * Pending messages have server times here, so that each keeps its place when it becomes a message.
 */
export function buildRows(messages: readonly LoadedMessage[], pending: readonly Pending[], me: UserId, divider: Seq | undefined): Row[] {
  const rows: Row[] = [];
  let before: { by: UserId; at: number } | undefined;
  const days = new Set<number>();
  let day = NaN, nextDay = NaN, divided = divider === undefined;

  /** Adds the day or the divider before a message; reports whether the message begins a group. */
  function begins(by: UserId, at: number, isNew: boolean, answers: boolean): boolean {
    if (!(at >= day && at < nextDay)) {
      day = dayOf(at);
      nextDay = dayAfter(day);
      rows.push({ kind: "day", key: days.has(day) ? `day ${day} ${rows.length}` : `day ${day}`, at: day });
      days.add(day); // a day repeats if the server's clock was set back
      before = undefined;
    }
    if (!divided && isNew) {
      divided = true;
      rows.push({ kind: "divider", key: "divider" });
      before = undefined;
    }
    const first = !before || before.by !== by || at - before.at >= together || answers;
    before = { by, at };
    return first;
  }

  for (const m of messages) {
    const first = begins(m.by, m.at, m.seq > divider!, !!m.reply);
    rows.push({ kind: "message", key: keyOf(m.by, m.clientId, m.seq), message: m, first });
  }
  const there = new Set(messages.filter((m) => m.by === me).map((m) => m.clientId));
  for (const p of pending) {
    if (there.has(p.clientId)) continue;
    const first = begins(me, p.at, false, !!p.reply);
    rows.push({ kind: "pending", key: keyOf(me, p.clientId, 0), pending: p, first });
  }
  return rows;
}

/** The key of a message, which is the same for the pending message that it was. */
const keyOf = (by: UserId, clientId: string, seq: Seq) => (clientId ? `${by} ${clientId}` : String(seq));

/** Returns how many of the messages reply to each first message of a conversation. */
export function countReplies(messages: readonly LoadedMessage[]): ReadonlyMap<Seq, number> {
  const counts = new Map<Seq, number>();
  for (const m of messages) if (m.root && !m.deletedAt) counts.set(m.root, (counts.get(m.root) ?? 0) + 1);
  return counts;
}
