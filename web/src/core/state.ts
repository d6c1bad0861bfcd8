// The state of chats, messages and users, and the reducer for everything that comes from the server.
// After any events it equals what the server would send to a new client; state.test.ts checks that.
import type { PageRequest, Chat } from "./chatModel.ts";
import { linesLoaded, newChat, requestStarted, pageLoaded, applyEvent, resumedChat, membersLoaded, withReadPointer, withEntry, resetChat, typingStarted, withMine, requestEnded, pinsLoaded, threadLoaded, withoutExpiredTyping } from "./chat.ts";
import { type Changes, withChange } from "./changes.ts";
import { trimTimeline } from "./timeline.ts";
import type { ChatId, Entry, Event, Hello, Limits, Message, Mine, Page, Role, Seq, Settings, Signal, ThreadPage, User, UserId } from "./wire.ts";

export interface State {
  readonly epoch: string;
  readonly version: string;
  readonly me: User | null;
  readonly settings: Settings;
  /** What the page goes by of the server's limits. */
  readonly limits: Pick<Limits, "text" | "page" | "quote" | "readers" | "file" | "files">;
  readonly users: ReadonlyMap<UserId, User>;
  readonly chats: ReadonlyMap<ChatId, Chat>;
  /** Empty until presence signals come. */
  readonly online: ReadonlySet<UserId>;
  /** The chats that were deleted while they were shown. */
  readonly deleted: ReadonlySet<ChatId>;
  /** What changed of messages while the page saw it. */
  readonly changes: Changes;
}

export type Action =
  /** resumed: the `seen` of the resume that was sent with this hello. */
  | { type: "hello"; ok: Hello; resumed: Readonly<Record<ChatId, Seq>> }
  | { type: "event"; event: Event }
  /** at: local time in ms. */
  | { type: "signal"; signal: Signal; at: number }
  /** Before each request of a page or of members: events are kept until its response is in. */
  | { type: "requestStarted"; chatId: ChatId; request: PageRequest }
  | { type: "page"; chatId: ChatId; request: PageRequest; page: Page }
  | { type: "members"; chatId: ChatId; request: PageRequest; members: readonly { userId: UserId; role: Role; readUpTo?: Seq }[]; users: readonly User[] }
  /** Events of a chat's history, all from one number to another. */
  | { type: "lines"; chatId: ChatId; epoch: string; from: Seq; to: Seq; events: readonly Event[] }
  | { type: "pins"; chatId: ChatId; request: PageRequest; messages: readonly Message[]; users: readonly User[] }
  | { type: "thread"; chatId: ChatId; request: PageRequest; root: Seq; after: Seq; page: ThreadPage }
  /** The thread is no longer in view. */
  | { type: "threadClosed"; chatId: ChatId; root: Seq }
  | { type: "requestEnded"; chatId: ChatId; request: PageRequest }
  /** An HTTP response had the entry of one of the user's chats. asked: the chat's own settings when it was requested. */
  | { type: "entry"; entry: Entry; users: readonly User[]; asked?: Mine | undefined }
  | { type: "users"; users: readonly User[] }
  /** The server moved the user's own read pointer. */
  | { type: "read"; chatId: ChatId; seq: Seq }
  /** The user changed their own settings here, or the change failed. */
  | { type: "mine"; chatId: ChatId; change: Partial<Mine> }
  | { type: "settings"; change: Partial<Settings> }
  /** Ends what was muted until this time of the server. */
  | { type: "unmute"; at: number }
  | { type: "trim"; chatId: ChatId; from: Seq; to: Seq }
  /** Expires typing. */
  | { type: "tick"; at: number };

/** Before hello, and with a server that sends fewer: what was allowed before the limit was sent. */
const defaultLimits: State["limits"] = { text: Infinity, page: 200, quote: 200, readers: 32, file: 0, files: 0 };

const defaultSettings: Settings = { level: "all", quietFrom: "", quietTo: "", timeZone: "", pushText: true };

export const emptyState: State = { epoch: "", version: "", me: null, settings: defaultSettings, limits: defaultLimits, users: new Map(), chats: new Map(), online: new Set(), deleted: new Set(), changes: new Map() };

export function reduce(s: State, a: Action): State {
  switch (a.type) {
    case "hello":
      return hello(s, a.ok, a.resumed);
    case "event":
      return event(s, a.event);
    case "signal":
      return signal(s, a.signal, a.at);
    case "requestStarted":
      return updateChat(s, a.chatId, (c) => requestStarted(c, a.request));
    case "page":
      return updateChat(addUsers(s, a.page.users), a.chatId, (c) => pageLoaded(c, a.request, a.page, s.me?.id ?? "", s.limits));
    case "members":
      return updateChat(addUsers(s, a.users), a.chatId, (c) => membersLoaded(c, a.request, a.members));
    case "lines":
      return a.epoch === s.epoch ? updateChat(s, a.chatId, (c) => linesLoaded(c, a.from, a.to, a.events)) : s;
    case "pins":
      return updateChat(addUsers(s, a.users), a.chatId, (c) => pinsLoaded(c, a.request, a.messages, s.me?.id ?? "", s.limits));
    case "thread":
      return updateChat(addUsers(s, a.page.users), a.chatId, (c) => threadLoaded(c, a.request, a.root, a.after, a.page, s.me?.id ?? "", s.limits));
    case "threadClosed":
      return updateChat(s, a.chatId, (c) => (c.thread?.root === a.root ? { ...c, thread: undefined } : c));
    case "requestEnded":
      return updateChat(s, a.chatId, (c) => requestEnded(c, a.request));
    case "entry": {
      const known = s.chats.get(a.entry.id);
      return withChat(addUsers(s, a.users), known ? withEntry(known, a.entry, a.asked) : newChat(a.entry));
    }
    case "users":
      return addUsers(s, a.users);
    case "read":
      return updateChat(s, a.chatId, (c) => withReadPointer(c, s.me?.id ?? "", a.seq, true));
    case "mine":
      return updateChat(s, a.chatId, (c) => withMine(c, { ...c.mine, ...a.change }, s.me?.id ?? ""));
    case "settings":
      return { ...s, settings: { ...s.settings, ...a.change } };
    case "unmute":
      return [...s.chats.values()].filter((c) => c.mine.mutedUntil > 0 && c.mine.mutedUntil <= a.at).reduce((s, c) => withChat(s, { ...c, mine: { ...c.mine, mutedUntil: 0 } }), s);
    case "trim":
      return updateChat(s, a.chatId, (c) => (c.timeline ? { ...c, timeline: trimTimeline(c.timeline, a.from, a.to) } : c));
    case "tick":
      return tick(s, a.at);
  }
}

/** Returns what to resume with: the chats with loaded messages. The others start at their heads. */
export function resumeSeqs(s: State): Record<ChatId, Seq> {
  const all: Record<ChatId, Seq> = {};
  for (const c of s.chats.values()) if (c.timeline) all[c.id] = c.seen;
  return all;
}

/** Returns the times of those events, where they are known. */
export function resumeTimes(s: State): Record<ChatId, number> {
  const all: Record<ChatId, number> = {};
  for (const c of s.chats.values()) if (c.timeline && c.seenAt !== undefined) all[c.id] = c.seenAt;
  return all;
}

function hello(s: State, ok: Hello, resumed: Readonly<Record<ChatId, Seq>>): State {
  const chats = new Map<ChatId, Chat>();
  for (const entry of ok.chats) {
    const known = s.epoch === ok.epoch && Object.hasOwn(resumed, entry.id) && s.chats.get(entry.id);
    chats.set(entry.id, known ? resumedChat(known, entry) : newChat(entry));
  }
  const { epoch, version, me } = ok;
  const limits = { ...defaultLimits, ...ok.limits };
  const settings = ok.settings ?? defaultSettings;
  return addUsers({ ...s, epoch, version, me, settings, limits, chats, online: new Set() }, [...ok.users, me]);
}

function event(s: State, e: Event): State {
  const c = s.chats.get(e.chatId);
  if (!c) return s;
  if (e.event === "left" && s.me && e.users.includes(s.me.id) && e.seq === c.seen + 1) {
    return withoutChat(e.reason === "deleted" ? { ...s, deleted: new Set([...s.deleted, c.id]) } : s, c.id);
  }
  const changes = withChange(s.changes, e);
  return withChat(changes === s.changes ? s : { ...s, changes }, applyEvent(c, e, s.me?.id ?? "", s.limits));
}

function signal(s: State, v: Signal, at: number): State {
  switch (v.signal) {
    case "typing":
      return updateChat(s, v.chatId, (c) => typingStarted(c, v.by, at));
    case "read":
      return updateChat(s, v.chatId, (c) => withReadPointer(c, v.by, v.seq, v.by === s.me?.id));
    case "presence": {
      if (s.online.has(v.by) === v.online) return s;
      const online = new Set(s.online);
      if (v.online) online.add(v.by);
      else online.delete(v.by);
      return { ...s, online };
    }
    case "user":
      return addUsers(s.me?.id === v.user.id ? { ...s, me: v.user } : s, [v.user]);
    case "mine": // a post that ended the mark, or the hiding, may have come before it: the entry tells
      return updateChat(s, v.chatId, (c) => ({ ...withMine(c, v.mine, s.me?.id ?? ""), stale: c.stale || v.mine.unreadFrom !== c.mine.unreadFrom || v.mine.hidden !== c.mine.hidden }));
    case "settings":
      return { ...s, settings: v.settings };
    case "chat": {
      if (v.gone) return withoutChat(s, v.chatId);
      const entry = { ...v.chat, head: v.head ?? 0 };
      const known = s.chats.get(v.chatId);
      return withChat(addUsers(s, v.users ?? []), known?.seen === entry.head ? withEntry(known, entry) : newChat(entry));
    }
    case "reset":
      return updateChat({ ...s, epoch: v.epoch }, v.chatId, (c) => resetChat(c, v.head ?? 0));
  }
  return s; // caughtUp, and signals of a newer server
}

function tick(s: State, at: number): State {
  let now = s;
  for (const c of s.chats.values()) if (c.typing.size) now = withChat(now, withoutExpiredTyping(c, at));
  return now;
}

function addUsers(s: State, users: readonly User[]): State {
  const fresh = users.filter((u) => !sameUser(u, s.users.get(u.id)));
  return fresh.length ? { ...s, users: new Map([...s.users, ...fresh.map((u) => [u.id, u] as const)]) } : s;
}

const sameUser = (a: User, b: User | undefined) =>
  b && a.name === b.name && a.handle === b.handle && a.status === b.status && a.role === b.role && a.active === b.active && a.picture === b.picture;

function updateChat(s: State, id: ChatId, change: (c: Chat) => Chat): State {
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
