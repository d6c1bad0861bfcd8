// The events of a chat that the conversation shows as lines between its messages: who came and went, and what changed.
import type { LogRange } from "./timeline.ts";
import type { Entry, Event, Seq, UserId } from "./wire.ts";

/** What a renamed event changed. It is known while the page sees it happen; the log says what is, and forgets what was replaced. */
export type Renaming = { title: string } | { topic: string } | { picture: string };

interface Base { readonly seq: Seq; readonly at: number; readonly by: UserId; /** As a message has it: a line never changes. */ readonly asOf: Seq }
export type Line = Base & (
  | { readonly what: "joined" | "left"; readonly users: readonly UserId[] }
  | { readonly what: "renamed"; readonly now: Renaming | undefined }
  | { readonly what: "pinned"; readonly target: Seq; readonly on: boolean });

/** The lines of contiguous ranges of the log. */
export type Lines = readonly LogRange<Line>[];

/** Returns the line of an event; undefined if it has none. before: the chat before it. */
export function lineOf(e: Event, before?: Pick<Entry, "title" | "topic" | "picture">): Line | undefined {
  const base = { seq: e.seq, at: e.at, by: e.by, asOf: e.seq };
  switch (e.event) {
    case "joined":
    case "left": // a log that begins with two members is a direct chat
      return e.users?.length && (e.seq > 1 || e.users.length === 1) ? { ...base, what: e.event, users: e.users } : undefined;
    case "renamed": {
      const now = before && renaming(e, before);
      return before && !now ? undefined : { ...base, what: "renamed", now }; // else who may name everybody changed
    }
    case "pinned":
      return { ...base, what: "pinned", target: e.target, on: e.on };
  }
  return undefined;
}

function renaming(e: Event & { event: "renamed" }, before: Pick<Entry, "title" | "topic" | "picture">): Renaming | undefined {
  if (e.title !== undefined && e.title !== before.title) return { title: e.title };
  if (e.topic !== undefined && e.topic !== before.topic) return { topic: e.topic };
  if (e.picture !== undefined && e.picture !== (before.picture ?? "")) return { picture: e.picture };
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
