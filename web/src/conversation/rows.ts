// Builds the rows of the message list: messages, days, the divider and unsent messages.
import type { Line } from "../core/lines.ts";
import type { LoadedMessage } from "../core/message.ts";
import type { Pending } from "../core/outbox.ts";
import type { Seq, UserId } from "../core/wire.ts";
import { dayAfter, dayOf } from "../ui/Time.tsx";

export type Row =
  | { readonly kind: "day"; readonly key: string; readonly at: number }
  | { readonly kind: "divider"; readonly key: string }
  | { readonly kind: "message"; readonly key: string; readonly message: LoadedMessage; readonly first: boolean }
  | { readonly kind: "lines"; readonly key: string; readonly lines: readonly Line[] }
  | { readonly kind: "pending"; readonly key: string; readonly pending: Pending; readonly first: boolean };

const groupMs = 5 * 60_000; // within this time an author's messages form one group

/**
 * Returns the rows. divider: the last message that was read, above which the divider stands; undefined for none.
 * Pending messages have server times here, so that each keeps its place when it becomes a message.
 */
export function buildRows(messages: readonly LoadedMessage[], pending: readonly Pending[], me: UserId, divider: Seq | undefined, lines: readonly Line[] = []): Row[] {
  const rows: Row[] = [];
  let before: { by: UserId; at: number } | undefined;
  const days = new Set<number>();
  let day = NaN, nextDay = NaN, divided = divider === undefined;

  /** Adds the day before what happened at a time. */
  function atDay(at: number): void {
    if (at >= day && at < nextDay) return;
    day = dayOf(at);
    nextDay = dayAfter(day);
    rows.push({ kind: "day", key: days.has(day) ? `day ${day} ${rows.length}` : `day ${day}`, at: day });
    days.add(day); // a day repeats if the server's clock was set back
    before = undefined;
  }

  /** Adds the day or the divider before a message; reports whether the message begins a group. */
  function begins(by: UserId, at: number, isNew: boolean, answers: boolean): boolean {
    atDay(at);
    if (!divided && isNew) {
      divided = true;
      rows.push({ kind: "divider", key: "divider" });
      before = undefined;
    }
    const first = !before || before.by !== by || at - before.at >= groupMs || answers;
    before = { by, at };
    return first;
  }

  let next = 0;
  /** Adds the lines before a number; those of one kind in a row are one row. */
  function addLines(upTo: Seq): void {
    for (; next < lines.length && lines[next]!.seq < upTo; next++) {
      const line = lines[next]!;
      atDay(line.at);
      const last = rows.at(-1);
      if (last?.kind === "lines" && together(last.lines.at(-1)!, line)) rows[rows.length - 1] = { ...last, lines: [...last.lines, line] };
      else rows.push({ kind: "lines", key: `line ${line.seq}`, lines: [line] });
      before = undefined;
    }
  }

  for (const m of messages) {
    addLines(m.seq);
    const first = begins(m.by, m.at, m.seq > divider!, !!m.reply);
    rows.push({ kind: "message", key: keyOf(m.by, m.clientId, m.seq), message: m, first });
  }
  addLines(Infinity);
  const there = new Set(messages.filter((m) => m.by === me).map((m) => m.clientId));
  for (const p of pending) {
    if (there.has(p.clientId)) continue;
    const first = begins(me, p.at, false, !!p.reply);
    rows.push({ kind: "pending", key: keyOf(me, p.clientId, 0), pending: p, first });
  }
  return rows;
}

/** Reports whether two lines are shown as one: people who came or went in the same way, and what one user changed again. */
function together(a: Line, b: Line): boolean {
  if (a.what !== b.what) return false;
  if ("users" in a && "users" in b) return (ownOf(a) && ownOf(b)) || (!ownOf(a) && !ownOf(b) && a.by === b.by);
  if (a.what === "renamed" && b.what === "renamed") return a.by === b.by && Object.keys(a.now ?? {}).join() === Object.keys(b.now ?? {}).join();
  return false;
}
const ownOf = (l: { by: UserId; users: readonly UserId[] }) => l.users.length === 1 && l.users[0] === l.by;

/** The key of a message, which is the same for the pending message that it was. */
const keyOf = (by: UserId, clientId: string, seq: Seq) => (clientId ? `${by} ${clientId}` : String(seq));

/** Returns how many of the messages reply to each first message of a conversation. */
export function countReplies(messages: readonly LoadedMessage[]): ReadonlyMap<Seq, number> {
  const counts = new Map<Seq, number>();
  for (const m of messages) if (m.root && !m.deletedAt) counts.set(m.root, (counts.get(m.root) ?? 0) + 1);
  return counts;
}
