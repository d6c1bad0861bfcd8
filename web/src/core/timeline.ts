// The messages of one chat as far as they are held: stretches of its log without
// holes, in rising order, with a gap between any two.
import type { Held } from "./message.ts";
import type { Page, Seq, Window } from "./wire.ts";

/** Every message from `from` to `to`, both included. */
export interface Stretch { readonly from: Seq; readonly to: Seq; readonly messages: readonly Held[] }
export type Timeline = readonly Stretch[];

/** What a page covers, of the window that was asked for. */
export function covered(page: Page, w: Window, messages: readonly Held[]): Stretch {
  const end = Math.max(page.head, messages.at(-1)?.seq ?? 0);
  const first = messages[0]?.seq ?? end + 1;
  const last = messages.at(-1)?.seq ?? 0;
  let from = page.moreBefore ? first : 1;
  let to = page.moreAfter ? last : end;
  if (w.after !== undefined) from = w.after + 1;
  if (w.before !== undefined) to = Math.min(w.before - 1, end);
  return { from, to, messages };
}

/** Adds a stretch; where both know a message, the newer knowledge wins, and of equals the added. */
export function add(t: Timeline, s: Stretch): Timeline {
  if (s.to < s.from) return t;
  let { from, to, messages } = s;
  const before: Stretch[] = [], after: Stretch[] = [];
  for (const one of t) {
    if (one.to + 1 < s.from) before.push(one);
    else if (one.from > s.to + 1) after.push(one);
    else {
      from = Math.min(from, one.from);
      to = Math.max(to, one.to);
      messages = merged(one.messages, messages);
    }
  }
  return [...before, { from, to, messages }, ...after];
}

function merged(old: readonly Held[], added: readonly Held[]): readonly Held[] {
  const last = old.at(-1), first = added[0];
  if (!last || !first || last.seq < first.seq) return [...old, ...added]; // what an event at the end does
  const all = new Map(old.map((m) => [m.seq, m]));
  for (const m of added) if (!((all.get(m.seq)?.asOf ?? 0) > m.asOf)) all.set(m.seq, m);
  return [...all.values()].sort((a, b) => a.seq - b.seq);
}

/** Changes messages; a stretch that nothing changed stays the same object. */
export function mapped(t: Timeline, change: (m: Held) => Held): Timeline {
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
export function trimmed(t: Timeline, from: Seq, to: Seq): Timeline {
  return t.flatMap((s) => {
    if (s.from >= from && s.to <= to) return [s];
    const cut = { from: Math.max(s.from, from), to: Math.min(s.to, to) };
    return cut.from > cut.to ? [] : [{ ...cut, messages: s.messages.filter((m) => m.seq >= cut.from && m.seq <= cut.to) }];
  });
}

/** The stretch that holds seq. */
export const stretchAt = (t: Timeline, seq: Seq): Stretch | undefined => t.find((s) => s.from <= seq && seq <= s.to);

export const messageAt = (t: Timeline, seq: Seq): Held | undefined => stretchAt(t, seq)?.messages.find((m) => m.seq === seq);
