// How entries, events and pages change a chat.
import { withEventCounted, recount } from "./counts.ts";
import type { Chat, PageRequest } from "./chatModel.ts";
import { lineOf, withLines } from "./lines.ts";
import { withEvent, type LoadedMessage, type MessageLimits, messageOf } from "./message.ts";
import { withPinEvent } from "./pins.ts";
import { mapThread, type Thread, withThreadEvent, withThreadPage } from "./thread.ts";
import { addRange, coveredRange, mapMessages, messageAt } from "./timeline.ts";
import type { Entry, Event, Message, Mine, Page, Role, Seq, ThreadPage, UserId } from "./wire.ts";

export const typingMs = 6000;
const defaultMine: Mine = { level: "default", mutedUntil: 0, hidden: false, starred: false, unreadFrom: 0 };
const empty = { seen: 0, countedUpTo: 0, stale: false, gap: false, reads: new Map(), typing: new Map(), requests: new Map(), eventsSince: [] };

/** Returns the chat of an entry that the server lists; events follow from head+1. */
export function newChat(entry: Entry): Chat {
  return { ...empty, mine: defaultMine, ...entry, last: lastMessage(entry), seen: entry.head, seenAt: entry.activity, countedUpTo: entry.head };
}

/** Returns a known chat after a hello that resumes it from c.seen. */
export function resumedChat(c: Chat, entry: Entry): Chat {
  return { ...c, picture: undefined, ...entry, seenAt: seenAt(c, entry), last: lastMessage(entry) ?? c.last, countedUpTo: entry.head, stale: false, gap: false, typing: new Map() };
}

/** Applies a newer entry, unless the events seen here are newer still. asked: the chat's own settings when it was requested. */
export function withEntry(c: Chat, entry: Entry, asked: Mine = c.mine): Chat {
  if (entry.head < c.countedUpTo) return c;
  if (c.mine !== asked) return { ...withEntry(c, { ...entry, mine: c.mine }), stale: true };
  const readUpTo = Math.max(entry.readUpTo, c.readUpTo);
  return { ...c, picture: undefined, ...entry, seenAt: seenAt(c, entry), last: lastMessage(entry) ?? c.last, countedUpTo: entry.head, readUpTo, stale: entry.readUpTo < readUpTo };
}

/** Drops what was loaded, for it may be out of date. Events follow from head+1. */
export function resetChat(c: Chat, head: Seq): Chat {
  const { timeline: _, members: __, last: ___, seenAt: ____, pins: _____, thread: ______, lines: _______, ...rest } = c;
  return { ...rest, ...empty, head, seen: head, countedUpTo: head, stale: true };
}

/** Keeps a known time: an entry of another history must not replace it. */
const seenAt = (c: Chat, entry: Entry) => c.seenAt ?? (entry.head === c.seen ? entry.activity : undefined);

const lastMessage = (entry: Entry): LoadedMessage | undefined => entry.last && { ...entry.last, asOf: entry.head };

/** Applies one event. A repeated one changes nothing; one that came too early only sets gap. */
export function applyEvent(c: Chat, e: Event, me: UserId, limits: MessageLimits): Chat {
  if (e.seq <= c.seen) return c;
  if (e.seq > c.seen + 1) return c.gap ? c : { ...c, gap: true };
  c = { ...c, seen: e.seq, seenAt: e.at, gap: false };
  if (c.requests.size) c = { ...c, eventsSince: [...c.eventsSince, e] };
  if (c.timeline) c = withLine(c, e);
  if (e.seq > c.countedUpTo) c = withEventCounted(c, e, me);
  return withEventOnLoaded(c, e, me, limits);
}

/** Adds the line of an event. While a resume catches up, the chat's names are newer than the event. */
function withLine(c: Chat, e: Event): Chat {
  const line = lineOf(e, e.seq > c.countedUpTo ? c : undefined);
  return { ...c, lines: withLines(c.lines ?? [], { from: e.seq, to: e.seq, messages: line ? [line] : [] }) };
}

/** Adds the lines of loaded events, which are all from one number to another. */
export function linesLoaded(c: Chat, from: Seq, to: Seq, events: readonly Event[]): Chat {
  if (!c.timeline) return c;
  const seen = (seq: Seq) => c.lines?.some((l) => l.from <= seq && seq <= l.to); // what was seen to happen says more with an older server
  const messages = events.flatMap((e) => (seen(e.seq) ? [] : (lineOf(e) ?? [])));
  return { ...c, lines: withLines(c.lines ?? [], { from, to, messages }) };
}

/** Applies e to the messages, members and signals that were loaded. */
function withEventOnLoaded(c: Chat, e: Event, me: UserId, limits: MessageLimits): Chat {
  switch (e.event) {
    case "posted": {
      const m = messageOf(e);
      return {
        ...c,
        last: m.seq > (c.last?.seq ?? 0) ? m : c.last,
        timeline: c.timeline && addRange(c.timeline, { from: e.seq, to: e.seq, messages: [m] }),
        thread: c.thread && withThreadEvent(c.thread, e, me, limits),
        reads: m.seq > (c.reads.get(e.by) ?? 0) ? new Map(c.reads).set(e.by, m.seq) : c.reads,
        typing: withoutUser(c.typing, e.by),
      };
    }
    case "joined":
    case "role":
    case "left":
      c = { ...c, members: c.members && withMembership(c.members, e) };
  }
  const timeline = c.timeline && addRange(mapMessages(c.timeline, (m) => withEvent(m, e, me, limits)), { from: e.seq, to: e.seq, messages: [] });
  const change = (m: LoadedMessage) => withEvent(m, e, me, limits);
  const pins = c.pins && withPinEvent(c.pins, e, change, (seq) => timeline && messageAt(timeline, seq));
  return { ...c, timeline, pins, thread: c.thread && withThreadEvent(c.thread, e, me, limits), last: c.last && change(c.last) };
}

function withMembership(members: ReadonlyMap<UserId, Role>, e: Extract<Event, { users: unknown }>): ReadonlyMap<UserId, Role> {
  const now = new Map(members);
  for (const u of e.users) {
    if (e.event === "left") now.delete(u);
    else now.set(u, e.role);
  }
  return now;
}

export function requestStarted(c: Chat, request: PageRequest): Chat {
  const requests = new Map(c.requests).set(request, c.seen);
  return { ...c, requests, timeline: request.window ? (c.timeline ?? []) : c.timeline };
}

export function requestEnded(c: Chat, request: PageRequest): Chat {
  const requests = new Map(c.requests);
  if (!requests.delete(request)) return c;
  return { ...c, requests, eventsSince: requests.size ? c.eventsSince : [] };
}

/** Adds a page. One that was requested before a reset, or lacks events that are no longer kept, is dropped. */
export function pageLoaded(c: Chat, request: PageRequest, page: Page, me: UserId, limits: MessageLimits): Chat {
  const left = c.requests.get(request);
  const now = requestEnded(c, request);
  if (left === undefined || page.head < left || !request.window) return now;
  const missed = c.eventsSince.filter((e) => e.seq > page.head);
  const messages = page.messages.map((m) => missed.reduce((m, e) => withEvent(m, e, me, limits), { ...m, asOf: page.head } as LoadedMessage));
  const newer = new Map(messages.map((m) => [m.seq, m]));
  return {
    ...now,
    timeline: addRange(c.timeline ?? [], coveredRange(page, request.window, messages)),
    thread: c.thread && mapThread(c.thread, (m) => (m.unsure && newer.get(m.seq)) || m),
  };
}

/** Adds a page of a thread, on the terms of pageLoaded. */
export function threadLoaded(c: Chat, request: PageRequest, root: Seq, after: Seq, page: ThreadPage, me: UserId, limits: MessageLimits): Chat {
  const left = c.requests.get(request);
  const now = requestEnded(c, request);
  if (left === undefined || page.head < left) return now;
  const asOf: Thread = { root, messages: page.messages.map((m) => ({ ...m, asOf: page.head })), more: page.moreAfter };
  const missed = c.eventsSince.filter((e) => e.seq > page.head);
  return { ...now, thread: withThreadPage(c.thread, after, missed.reduce((t, e) => withThreadEvent(t, e, me, limits), asOf)) };
}

/** Sets the pinned messages, the one pinned last first, and applies again the events that came after the request was sent. */
export function pinsLoaded(c: Chat, request: PageRequest, messages: readonly Message[], me: UserId, limits: MessageLimits): Chat {
  const left = c.requests.get(request);
  const now = requestEnded(c, request);
  if (left === undefined) return now;
  const loaded = messages.map((m) => [m.seq, { ...m, asOf: left }] as const).reverse();
  const pins = c.eventsSince.filter((e) => e.seq > left).reduce((pins: NonNullable<Chat["pins"]>, e) => withPinEvent(pins, e, (m) => withEvent(m, e, me, limits), (seq) => c.timeline && messageAt(c.timeline, seq)), new Map(loaded));
  return { ...now, pins };
}

/** Adds a page of members, and applies again the events that came after the request was sent. */
export function membersLoaded(c: Chat, request: PageRequest, came: readonly { userId: UserId; role: Role; readUpTo?: Seq }[]): Chat {
  const now = requestEnded(c, request);
  const left = c.requests.get(request);
  if (left === undefined) return now;
  let members: ReadonlyMap<UserId, Role> = new Map([...(c.members ?? []), ...came.map((m) => [m.userId, m.role] as const)]);
  for (const e of c.eventsSince) if (e.seq > left && "users" in e) members = withMembership(members, e);
  const reads = new Map(c.reads);
  for (const m of came) reads.set(m.userId, Math.max(m.readUpTo ?? 0, reads.get(m.userId) ?? 0));
  return { ...now, members, reads };
}

/** Moves a read pointer to seq, never backwards. */
export function withReadPointer(c: Chat, by: UserId, seq: Seq, mine: boolean): Chat {
  if (!mine) return seq > (c.reads.get(by) ?? 0) ? { ...c, reads: new Map(c.reads).set(by, seq) } : c;
  const { unreadFrom } = c.mine;
  const clears = unreadFrom > 0 && seq >= unreadFrom;
  if (seq <= c.readUpTo && !clears) return c;
  return recount({ ...c, readUpTo: Math.max(c.readUpTo, seq), mine: clears ? { ...c.mine, unreadFrom: 0 } : c.mine }, by);
}

/** Sets the user's own settings of the chat. */
export function withMine(c: Chat, mine: Mine, me: UserId): Chat {
  if ((Object.keys(mine) as (keyof Mine)[]).every((k) => mine[k] === c.mine[k])) return c;
  return mine.unreadFrom === c.mine.unreadFrom ? { ...c, mine } : recount({ ...c, mine }, me);
}

export function typingStarted(c: Chat, by: UserId, at: number): Chat {
  return { ...c, typing: new Map(c.typing).set(by, at + typingMs) };
}

export function withoutExpiredTyping(c: Chat, at: number): Chat {
  const left = [...c.typing].filter(([, until]) => until > at);
  return left.length === c.typing.size ? c : { ...c, typing: new Map(left) };
}

function withoutUser(typing: ReadonlyMap<UserId, number>, by: UserId): ReadonlyMap<UserId, number> {
  if (!typing.has(by)) return typing;
  const now = new Map(typing);
  now.delete(by);
  return now;
}
