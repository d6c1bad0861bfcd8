// The loaded messages of one chat: contiguous ranges of its log in ascending order, with a gap
// between any two.
import type { LoadedMessage } from "./message.ts";
import type { Page, Seq, HistoryWindow } from "./wire.ts";

/** All messages, or lines, from `from` to `to`, inclusive. */
export interface LogRange<T> { readonly from: Seq; readonly to: Seq; readonly messages: readonly T[] }
export type MessageRange = LogRange<LoadedMessage>;
interface Entry { readonly seq: Seq; readonly asOf: Seq }
export type Timeline = readonly MessageRange[];

/** Returns the range that a page covers, given the window that was requested. */
export function coveredRange(page: Page, w: HistoryWindow, messages: readonly LoadedMessage[]): MessageRange {
  const end = Math.max(page.head, messages.at(-1)?.seq ?? 0);
  const first = messages[0]?.seq ?? end + 1;
  const last = messages.at(-1)?.seq ?? 0;
  let from = page.moreBefore ? first : 1;
  let to = page.moreAfter ? last : end;
  if (w.after !== undefined) from = w.after + 1;
  if (w.before !== undefined) to = Math.min(w.before - 1, end);
  return { from, to, messages };
}

/** Adds a range. Of a message in both, the newer version wins; of equally new ones, the added. */
export function addRange<T extends Entry>(t: readonly LogRange<T>[], s: LogRange<T>): readonly LogRange<T>[] {
  if (s.to < s.from) return t;
  let { from, to, messages } = s;
  const before: LogRange<T>[] = [], after: LogRange<T>[] = [];
  for (const one of t) {
    if (one.to + 1 < s.from) before.push(one);
    else if (one.from > s.to + 1) after.push(one);
    else {
      from = Math.min(from, one.from);
      to = Math.max(to, one.to);
      messages = mergeMessages(one.messages, messages);
    }
  }
  return [...before, { from, to, messages }, ...after];
}

function mergeMessages<T extends Entry>(old: readonly T[], added: readonly T[]): readonly T[] {
  const last = old.at(-1), first = added[0];
  if (!last || !first || last.seq < first.seq) return [...old, ...added]; // the common case: an event at the end
  const all = new Map(old.map((m) => [m.seq, m]));
  for (const m of added) if (!((all.get(m.seq)?.asOf ?? 0) > m.asOf)) all.set(m.seq, m);
  return [...all.values()].sort((a, b) => a.seq - b.seq);
}

/** Maps the messages; an unchanged range stays the same object. */
export function mapMessages(t: Timeline, change: (m: LoadedMessage) => LoadedMessage): Timeline {
  let touched = false;
  const out = t.map((s) => {
    const messages = s.messages.map(change);
    if (messages.every((m, i) => m === s.messages[i])) return s;
    touched = true;
    return { ...s, messages };
  });
  return touched ? out : t;
}

/** Drops the messages outside of from..to. */
export function trimTimeline(t: Timeline, from: Seq, to: Seq): Timeline {
  return t.flatMap((s) => {
    if (s.from >= from && s.to <= to) return [s];
    const cut = { from: Math.max(s.from, from), to: Math.min(s.to, to) };
    return cut.from > cut.to ? [] : [{ ...cut, messages: s.messages.filter((m) => m.seq >= cut.from && m.seq <= cut.to) }];
  });
}

/** Returns the range that contains seq. */
export const rangeAt = (t: Timeline, seq: Seq): MessageRange | undefined => t.find((s) => s.from <= seq && seq <= s.to);

export const messageAt = (t: Timeline, seq: Seq): LoadedMessage | undefined => rangeAt(t, seq)?.messages.find((m) => m.seq === seq);
