// The messages of one chat as far as they are held: ranges of its log without
// holes, in rising order, with a gap between any two.
import type { LoadedMessage } from "./message.ts";
import type { Page, Seq, HistoryWindow } from "./wire.ts";

/** Every message from `from` to `to`, both included. */
export interface MessageRange { readonly from: Seq; readonly to: Seq; readonly messages: readonly LoadedMessage[] }
export type Timeline = readonly MessageRange[];

/** What a page covers, of the window that was asked for. */
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

/** Adds a range; where both know a message, the newer knowledge wins, and of equals the added. */
export function addRange(t: Timeline, s: MessageRange): Timeline {
  if (s.to < s.from) return t;
  let { from, to, messages } = s;
  const before: MessageRange[] = [], after: MessageRange[] = [];
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

function mergeMessages(old: readonly LoadedMessage[], added: readonly LoadedMessage[]): readonly LoadedMessage[] {
  const last = old.at(-1), first = added[0];
  if (!last || !first || last.seq < first.seq) return [...old, ...added]; // what an event at the end does
  const all = new Map(old.map((m) => [m.seq, m]));
  for (const m of added) if (!((all.get(m.seq)?.asOf ?? 0) > m.asOf)) all.set(m.seq, m);
  return [...all.values()].sort((a, b) => a.seq - b.seq);
}

/** Changes messages; a range that nothing changed stays the same object. */
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

/** Forgets what lies outside from..to. */
export function trimTimeline(t: Timeline, from: Seq, to: Seq): Timeline {
  return t.flatMap((s) => {
    if (s.from >= from && s.to <= to) return [s];
    const cut = { from: Math.max(s.from, from), to: Math.min(s.to, to) };
    return cut.from > cut.to ? [] : [{ ...cut, messages: s.messages.filter((m) => m.seq >= cut.from && m.seq <= cut.to) }];
  });
}

/** The range that holds seq. */
export const rangeAt = (t: Timeline, seq: Seq): MessageRange | undefined => t.find((s) => s.from <= seq && seq <= s.to);

export const messageAt = (t: Timeline, seq: Seq): LoadedMessage | undefined => rangeAt(t, seq)?.messages.find((m) => m.seq === seq);
