// The rows of a list: messages, and what stands between them.
import type { Held } from "../core/message.ts";
import type { Pending } from "../core/outbox.ts";
import type { Seq, UserId } from "../core/wire.ts";
import { dayOf } from "../ui/Time.tsx";

export type RowOf =
  | { readonly kind: "day"; readonly key: string; readonly at: number }
  | { readonly kind: "divider"; readonly key: string }
  | { readonly kind: "message"; readonly key: string; readonly message: Held; readonly first: boolean }
  | { readonly kind: "pending"; readonly key: string; readonly pending: Pending; readonly first: boolean };

const together = 5 * 60_000;

/** divider: the last message that had been read, below which the new ones stand; undefined for none. */
export function rowsOf(messages: readonly Held[], pending: readonly Pending[], me: UserId, divider: Seq | undefined): RowOf[] {
  const rows: RowOf[] = [];
  let before: { by: UserId; at: number } | undefined;
  let day = NaN, divided = divider === undefined;
  for (const m of messages) {
    if (dayOf(m.at) !== day) {
      day = dayOf(m.at);
      rows.push({ kind: "day", key: `day ${day}`, at: day });
      before = undefined;
    }
    if (!divided && m.seq > divider!) {
      divided = true;
      rows.push({ kind: "divider", key: "divider" });
      before = undefined;
    }
    const first = !before || before.by !== m.by || m.at - before.at > together || !!m.reply;
    rows.push({ kind: "message", key: keyOf(m.by, m.clientId, m.seq), message: m, first });
    before = m;
  }
  const there = new Set(messages.filter((m) => m.by === me).map((m) => m.clientId));
  for (const p of pending) {
    if (there.has(p.clientId)) continue;
    rows.push({ kind: "pending", key: keyOf(me, p.clientId, 0), pending: p, first: before?.by !== me || !!p.reply });
    before = { by: me, at: p.at };
  }
  return rows;
}

/** The same for a message and for the pending one that it was. */
const keyOf = (by: UserId, clientId: string, seq: Seq) => (clientId ? `${by} ${clientId}` : String(seq));
