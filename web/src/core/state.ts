// What is known of chats, messages and people, and how everything that comes from
// the server changes it: one pure function. What the server would say to a newcomer
// is what stands here after the events (the law that state.test.ts plays through).
import { type Ask, appeared, asked, answered, type Chat, evented, listed, membersCame, read, refreshed, reset, typed, unasked, withoutTyping } from "./chat.ts";
import { trimmed } from "./timeline.ts";
import type { ChatId, Entry, Event, Hello, Limits, Page, Role, Seq, Signal, User, UserId } from "./wire.ts";

export interface State {
  readonly epoch: string;
  readonly version: string;
  readonly me: User | null;
  readonly limits: Limits | null;
  readonly users: ReadonlyMap<UserId, User>;
  readonly chats: ReadonlyMap<ChatId, Chat>;
  /** Nobody is online until a signal says so. */
  readonly online: ReadonlySet<UserId>;
}

export type Action =
  /** resumed: what the resume beside this hello said had been seen. */
  | { type: "hello"; ok: Hello; resumed: Readonly<Record<ChatId, Seq>> }
  | { type: "event"; event: Event }
  /** at: our time in ms. */
  | { type: "signal"; signal: Signal; at: number }
  /** Before each request of a page or of members: events are kept until its answer is in. */
  | { type: "asked"; chatId: ChatId; ask: Ask }
  | { type: "page"; chatId: ChatId; ask: Ask; page: Page }
  | { type: "members"; chatId: ChatId; ask: Ask; members: readonly { userId: UserId; role: Role; readUpTo: Seq }[]; users: readonly User[] }
  | { type: "unasked"; chatId: ChatId; ask: Ask }
  /** An answer over HTTP brought the entry of one of our chats. */
  | { type: "entry"; entry: Entry; users: readonly User[] }
  | { type: "users"; users: readonly User[] }
  /** The server took our read pointer. */
  | { type: "read"; chatId: ChatId; seq: Seq }
  | { type: "trim"; chatId: ChatId; from: Seq; to: Seq }
  /** Lets typing run out. */
  | { type: "tick"; at: number }
  | { type: "forget" };

export const nothing: State = { epoch: "", version: "", me: null, limits: null, users: new Map(), chats: new Map(), online: new Set() };

export function reduce(s: State, a: Action): State {
  switch (a.type) {
    case "hello":
      return hello(s, a.ok, a.resumed);
    case "event":
      return event(s, a.event);
    case "signal":
      return signal(s, a.signal, a.at);
    case "asked":
      return inChat(s, a.chatId, (c) => asked(c, a.ask));
    case "page":
      return inChat(meet(s, a.page.users), a.chatId, (c) => answered(c, a.ask, a.page, s.me?.id ?? ""));
    case "members":
      return inChat(meet(s, a.users), a.chatId, (c) => membersCame(c, a.ask, a.members));
    case "unasked":
      return inChat(s, a.chatId, (c) => unasked(c, a.ask));
    case "entry": {
      const known = s.chats.get(a.entry.id);
      return withChat(meet(s, a.users), known ? refreshed(known, a.entry) : appeared(a.entry));
    }
    case "users":
      return meet(s, a.users);
    case "read":
      return inChat(s, a.chatId, (c) => read(c, s.me?.id ?? "", a.seq, true));
    case "trim":
      return inChat(s, a.chatId, (c) => (c.timeline ? { ...c, timeline: trimmed(c.timeline, a.from, a.to) } : c));
    case "tick":
      return tick(s, a.at);
    case "forget":
      return nothing;
  }
}

/** What to resume with: the chats of which messages are held. The others start at their heads. */
export function seen(s: State): Record<ChatId, Seq> {
  const all: Record<ChatId, Seq> = {};
  for (const c of s.chats.values()) if (c.timeline) all[c.id] = c.seen;
  return all;
}

/** The times of those events, where they are known. */
export function seenAt(s: State): Record<ChatId, number> {
  const all: Record<ChatId, number> = {};
  for (const c of s.chats.values()) if (c.timeline && c.seenAt !== undefined) all[c.id] = c.seenAt;
  return all;
}

function hello(s: State, ok: Hello, resumed: Readonly<Record<ChatId, Seq>>): State {
  const chats = new Map<ChatId, Chat>();
  for (const entry of ok.chats) {
    const known = s.epoch === ok.epoch && Object.hasOwn(resumed, entry.id) && s.chats.get(entry.id);
    chats.set(entry.id, known ? listed(known, entry) : appeared(entry));
  }
  const { epoch, version, me, limits } = ok;
  return meet({ ...s, epoch, version, me, limits, chats, online: new Set() }, [...ok.users, me]);
}

function event(s: State, e: Event): State {
  const c = s.chats.get(e.chatId);
  if (!c) return s;
  if (e.event === "left" && s.me && e.users.includes(s.me.id) && e.seq === c.seen + 1) return withoutChat(s, c.id);
  return withChat(s, evented(c, e, s.me?.id ?? ""));
}

function signal(s: State, v: Signal, at: number): State {
  switch (v.signal) {
    case "typing":
      return inChat(s, v.chatId, (c) => typed(c, v.by, at));
    case "read":
      return inChat(s, v.chatId, (c) => read(c, v.by, v.seq, v.by === s.me?.id));
    case "presence": {
      if (s.online.has(v.by) === v.online) return s;
      const online = new Set(s.online);
      if (v.online) online.add(v.by);
      else online.delete(v.by);
      return { ...s, online };
    }
    case "user":
      return meet(s.me?.id === v.user.id ? { ...s, me: v.user } : s, [v.user]);
    case "chat": {
      if (v.gone) return withoutChat(s, v.chatId);
      const entry = { ...v.chat, head: v.head ?? 0 };
      const known = s.chats.get(v.chatId);
      return withChat(meet(s, v.users ?? []), known?.seen === entry.head ? refreshed(known, entry) : appeared(entry));
    }
    case "reset":
      return inChat({ ...s, epoch: v.epoch }, v.chatId, (c) => reset(c, v.head ?? 0));
  }
  return s; // caughtUp, and kinds that we do not know
}

function tick(s: State, at: number): State {
  let now = s;
  for (const c of s.chats.values()) if (c.typing.size) now = withChat(now, withoutTyping(c, at));
  return now;
}

function meet(s: State, users: readonly User[]): State {
  const fresh = users.filter((u) => !same(u, s.users.get(u.id)));
  return fresh.length ? { ...s, users: new Map([...s.users, ...fresh.map((u) => [u.id, u] as const)]) } : s;
}

const same = (a: User, b: User | undefined) =>
  b && a.name === b.name && a.handle === b.handle && a.status === b.status && a.role === b.role && a.active === b.active;

function inChat(s: State, id: ChatId, change: (c: Chat) => Chat): State {
  const c = s.chats.get(id);
  return c ? withChat(s, change(c)) : s;
}

function withChat(s: State, c: Chat): State {
  return s.chats.get(c.id) === c ? s : { ...s, chats: new Map(s.chats).set(c.id, c) };
}

function withoutChat(s: State, id: ChatId): State {
  const chats = new Map(s.chats);
  return chats.delete(id) ? { ...s, chats } : s;
}
