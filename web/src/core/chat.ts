// One chat as it is held: its entry, kept up by events, and what was loaded of it.
import { counted, recounted } from "./counts.ts";
import { changed, type Held, posted } from "./message.ts";
import { add, covered, mapped, type Timeline } from "./timeline.ts";
import type { Entry, Event, Page, Role, Seq, UserId, Window } from "./wire.ts";

/** One request under way; its identity is what tells a late answer. */
export interface Ask { readonly window?: Window }

export interface Chat extends Omit<Entry, "last"> {
  readonly last?: Held;
  /** The last event that was applied. */
  readonly seen: Seq;
  /** Its time, which proves to the server that it was that one; absent after a reset, until an event or an entry tells it. */
  readonly seenAt?: number;
  /** Up to here the entry holds what the server would list; ahead of seen while a resume catches up. */
  readonly counted: Seq;
  /** The entry cannot be told from what is held: ask for it. */
  readonly stale: boolean;
  /** An event came too early: resume this chat. */
  readonly gap: boolean;
  /** Absent until somebody asked for a page. */
  readonly timeline?: Timeline;
  /** Roles of the members that are known; absent until asked for. */
  readonly members?: ReadonlyMap<UserId, Role>;
  /** How far others have read, where it is known. */
  readonly reads: ReadonlyMap<UserId, Seq>;
  /** Who types, and until when that is to be shown. */
  readonly typing: ReadonlyMap<UserId, number>;
  /** Requests under way, each with what had been seen when it left. */
  readonly asks: ReadonlyMap<Ask, Seq>;
  /** Events since the oldest of them left: an answer may lack these. */
  readonly since: readonly Event[];
}

export const typingMs = 6000;
const empty = { seen: 0, counted: 0, stale: false, gap: false, reads: new Map(), typing: new Map(), asks: new Map(), since: [] };

/** A chat as the server lists it; events follow from head+1. */
export function appeared(entry: Entry): Chat {
  return { ...empty, ...entry, last: held(entry), seen: entry.head, seenAt: entry.activity, counted: entry.head };
}

/** A known chat in a new hello, which resumes it from what was seen. */
export function listed(c: Chat, entry: Entry): Chat {
  return { ...c, ...entry, seenAt: seenAt(c, entry), last: held(entry) ?? c.last, counted: entry.head, stale: false, gap: false, typing: new Map() };
}

/** What the server says of the chat now, unless events told more already. */
export function refreshed(c: Chat, entry: Entry): Chat {
  if (entry.head < c.counted) return c;
  const readUpTo = Math.max(entry.readUpTo, c.readUpTo);
  return { ...c, ...entry, seenAt: seenAt(c, entry), last: held(entry) ?? c.last, counted: entry.head, readUpTo, stale: entry.readUpTo < readUpTo };
}

/** What is held may be out of date: forget it. Events follow from head+1. */
export function reset(c: Chat, head: Seq): Chat {
  const { timeline: _, members: __, last: ___, seenAt: ____, ...rest } = c;
  return { ...rest, ...empty, head, seen: head, counted: head, stale: true };
}

/** What is known stays: an entry of another history must not take its place. */
const seenAt = (c: Chat, entry: Entry) => c.seenAt ?? (entry.head === c.seen ? entry.activity : undefined);

const held = (entry: Entry): Held | undefined => entry.last && { ...entry.last, asOf: entry.head };

/** One event. A repeated one changes nothing, one that came too early only says so. */
export function evented(c: Chat, e: Event, me: UserId): Chat {
  if (e.seq <= c.seen) return c;
  if (e.seq > c.seen + 1) return c.gap ? c : { ...c, gap: true };
  c = { ...c, seen: e.seq, seenAt: e.at, gap: false };
  if (c.asks.size) c = { ...c, since: [...c.since, e] };
  if (e.seq > c.counted) c = counted(c, e, me);
  return folded(c, e, me);
}

/** What e does to what was loaded. */
function folded(c: Chat, e: Event, me: UserId): Chat {
  switch (e.event) {
    case "posted": {
      const m = posted(e);
      return {
        ...c,
        last: m.seq > (c.last?.seq ?? 0) ? m : c.last,
        timeline: c.timeline && add(c.timeline, { from: e.seq, to: e.seq, messages: [m] }),
        reads: m.seq > (c.reads.get(e.by) ?? 0) ? new Map(c.reads).set(e.by, m.seq) : c.reads,
        typing: stopped(c.typing, e.by),
      };
    }
    case "joined":
    case "role":
    case "left":
      c = { ...c, members: c.members && membership(c.members, e) };
  }
  const timeline = c.timeline && add(mapped(c.timeline, (m) => changed(m, e, me)), { from: e.seq, to: e.seq, messages: [] });
  return { ...c, timeline, last: c.last && changed(c.last, e, me) };
}

function membership(members: ReadonlyMap<UserId, Role>, e: Extract<Event, { users: unknown }>): ReadonlyMap<UserId, Role> {
  const now = new Map(members);
  for (const u of e.users) {
    if (e.event === "left") now.delete(u);
    else now.set(u, e.role);
  }
  return now;
}

export function asked(c: Chat, ask: Ask): Chat {
  const asks = new Map(c.asks).set(ask, c.seen);
  return { ...c, asks, timeline: ask.window ? (c.timeline ?? []) : c.timeline };
}

export function unasked(c: Chat, ask: Ask): Chat {
  const asks = new Map(c.asks);
  if (!asks.delete(ask)) return c;
  return { ...c, asks, since: asks.size ? c.since : [] };
}

/** A page came. One that was asked for before a reset, or lacks events that are no longer at hand, is not used. */
export function answered(c: Chat, ask: Ask, page: Page, me: UserId): Chat {
  const left = c.asks.get(ask);
  const now = unasked(c, ask);
  if (left === undefined || page.head < left || !ask.window) return now;
  const missed = c.since.filter((e) => e.seq > page.head);
  const messages = page.messages.map((m) => missed.reduce((m, e) => changed(m, e, me), { ...m, asOf: page.head } as Held));
  return { ...now, timeline: add(c.timeline ?? [], covered(page, ask.window, messages)) };
}

/** A page of members came. Assigning again what happened meanwhile makes it as new as what is held. */
export function membersCame(c: Chat, ask: Ask, came: readonly { userId: UserId; role: Role; readUpTo: Seq }[]): Chat {
  const now = unasked(c, ask);
  const left = c.asks.get(ask);
  if (left === undefined) return now;
  let members: ReadonlyMap<UserId, Role> = new Map([...(c.members ?? []), ...came.map((m) => [m.userId, m.role] as const)]);
  for (const e of c.since) if (e.seq > left && "users" in e) members = membership(members, e);
  const reads = new Map(c.reads);
  for (const m of came) reads.set(m.userId, Math.max(m.readUpTo, reads.get(m.userId) ?? 0));
  return { ...now, members, reads };
}

/** A read pointer stands at seq now. It never goes back. */
export function read(c: Chat, by: UserId, seq: Seq, mine: boolean): Chat {
  if (!mine) return seq > (c.reads.get(by) ?? 0) ? { ...c, reads: new Map(c.reads).set(by, seq) } : c;
  if (seq <= c.readUpTo) return c;
  return recounted({ ...c, readUpTo: seq }, by);
}

export function typed(c: Chat, by: UserId, at: number): Chat {
  return { ...c, typing: new Map(c.typing).set(by, at + typingMs) };
}

export function withoutTyping(c: Chat, at: number): Chat {
  const left = [...c.typing].filter(([, until]) => until > at);
  return left.length === c.typing.size ? c : { ...c, typing: new Map(left) };
}

function stopped(typing: ReadonlyMap<UserId, number>, by: UserId): ReadonlyMap<UserId, number> {
  if (!typing.has(by)) return typing;
  const now = new Map(typing);
  now.delete(by);
  return now;
}
