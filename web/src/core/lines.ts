// The events of a chat that the conversation shows as lines between its messages: who came and went, and what changed.
import { addRange, type LogRange } from "./timeline.ts";
import type { Entry, Event, Seq, UserId } from "./wire.ts";

/** What a renamed event changed, each with the value that it got; undefined once another one replaced that. */
export type Renaming = { readonly [K in Detail]?: string | undefined };
const details = ["title", "topic", "picture"] as const;
type Detail = (typeof details)[number];

interface Base { readonly seq: Seq; readonly at: number; readonly by: UserId; /** As a message has it: a line never changes. */ readonly asOf: Seq }
export type Line = Base & (
  | { readonly what: "joined" | "left"; readonly users: readonly UserId[] }
  /** now: undefined if it is not known what changed, as of events of older servers. */
  | { readonly what: "renamed"; readonly now: Renaming | undefined }
  | { readonly what: "pinned"; readonly target: Seq; readonly on: boolean });

/** The lines of contiguous ranges of the log. */
export type Lines = readonly LogRange<Line>[];

/** Adds what is known of a range of the log. */
export function withLines(all: Lines, range: LogRange<Line>): Lines {
  const now = addRange(all, range);
  return range.messages.some((l) => l.what === "renamed") ? withoutReplaced(now) : now;
}

/** Forgets the values that a later line replaced, as the log does. */
function withoutReplaced(lines: Lines): Lines {
  const replaced = new Set<Detail>();
  return lines.toReversed().map((range) => ({ ...range, messages: range.messages.toReversed().map((l) => {
    if (l.what !== "renamed" || !l.now) return l;
    const changed = details.filter((d) => d in l.now!);
    const now = Object.fromEntries(changed.map((d) => [d, replaced.has(d) ? undefined : l.now![d]]));
    for (const d of changed) replaced.add(d);
    return changed.every((d) => now[d] === l.now![d]) ? l : { ...l, now };
  }).reverse() })).reverse();
}

/** Returns the line of an event; undefined if it has none. before: the chat before it, for events of older servers. */
export function lineOf(e: Event, before?: Pick<Entry, "title" | "topic" | "picture">): Line | undefined {
  const base = { seq: e.seq, at: e.at, by: e.by, asOf: e.seq };
  switch (e.event) {
    case "joined":
    case "left": // a log that begins with two members is a direct chat
      return e.users?.length && (e.seq > 1 || e.users.length === 1) ? { ...base, what: e.event, users: e.users } : undefined;
    case "renamed": {
      if (!e.changed && !before) return { ...base, what: "renamed", now: undefined };
      const changed = details.filter((d) => (e.changed ? e.changed.includes(d) : e[d] !== undefined && e[d] !== (before![d] ?? "")));
      return changed.length ? { ...base, what: "renamed", now: Object.fromEntries(changed.map((d) => [d, e[d]])) } : undefined; // else who may name everybody changed
    }
    case "pinned":
      return { ...base, what: "pinned", target: e.target, on: e.on };
  }
  return undefined;
}

const near = 10; // messages between two parts of the log that are loaded in one request

/** Returns the newest part of a range of messages of which it is unknown whether it has lines; undefined if all is known. */
export function unknownPart({ from, to, messages }: LogRange<{ seq: Seq }>, lines: Lines): { from: Seq; to: Seq } | undefined {
  const known = new Set(messages.map((m) => m.seq));
  let part: { from: Seq; to: Seq } | undefined, passed = 0;
  for (let seq = to; seq >= from; seq--) {
    const covered = lines.find((l) => l.from <= seq && seq <= l.to);
    if (covered) {
      if (part) return part;
      seq = covered.from;
    } else if (!known.has(seq)) {
      part = { from: seq, to: part?.to ?? seq };
      passed = 0;
      if (part.to - part.from >= 999) return part; // events of one request
    } else if (part && ++passed > near) return part;
  }
  return part;
}
