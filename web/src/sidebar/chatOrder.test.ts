import { expect, test } from "vitest";
import { applyEvent, newChat } from "../core/chat.ts";
import type { Chat } from "../core/chatModel.ts";
import type { Entry, Event } from "../core/wire.ts";
import { type Item, keepOrder, listItems, type ListSettings, nextUnread, stableItems } from "./chatOrder.ts";

const chat = (id: string, lastAt: number | undefined, more: Partial<Entry> = {}) =>
  newChat({ id, kind: "group", open: false, title: id, topic: "", head: 1, memberCount: 1, activity: lastAt ?? 1, lastAt, readUpTo: 0, unread: 0, mentions: 0, ...more });
const direct = (id: string, lastAt: number | undefined, more: Partial<Entry> = {}) => chat(id, lastAt, { kind: "direct", with: "u", ...more });
const map = (...chats: Chat[]) => new Map(chats.map((c) => [c.id, c]));
const plain: ListSettings = { unreadFirst: false, folded: new Set(), opened: new Set(), current: undefined };
const keys = (items: readonly Item[]) => items.map((i) => i.key);
const list = (chats: Chat[], settings: Partial<ListSettings> = {}) => keys(listItems(chats, { ...plain, ...settings }));

test("sections, newest first, or unread first", () => {
  const chats = [chat("a", 1, { unread: 2 }), direct("x", 9), chat("b", 3), chat("c", 2, { unread: 1 }), chat("d", 3)];
  expect(list(chats)).toEqual(["group", "d", "b", "c", "a", "direct", "x"]);
  expect(list(chats, { unreadFirst: true })).toEqual(["group", "c", "a", "d", "b", "direct", "x"]);
});

test("a message moves a chat; reactions, joins, removals and new titles do not", () => {
  const event = (e: object) => ({ chatId: "a", seq: 2, n: 1, at: 50, by: "u", ...e }) as Event;
  const limits = { text: 99, quote: 99, readers: 9 };
  const after = (e: object) => list([applyEvent(chat("a", 10), event(e), "me", limits), chat("b", 20)]);
  expect(after({ event: "posted", text: "hello" })).toEqual(["group", "a", "b"]);
  for (const e of [{ event: "reacted", target: 1, emoji: "👍", on: true }, { event: "joined", users: ["v"], role: "member" }, { event: "left", users: ["v"] },
    { event: "renamed", title: "new" }, { event: "deleted", target: 1 }, { event: "edited", target: 1, text: "other" }, { event: "role", users: ["u"], role: "admin" }]) expect(after(e), e.event).toEqual(["group", "b", "a"]);
});

test("an older server sends no lastAt: the time of the newest message that is known counts", () => {
  const last = { chatId: "a", seq: 1, at: 10, by: "u", clientId: "", text: "hello" };
  expect(list([chat("a", undefined, { last, activity: 90 }), chat("b", 20)])).toEqual(["group", "b", "a"]);
  expect(list([chat("a", undefined, { activity: 90 }), chat("b", 20)])).toEqual(["group", "a", "b"]);
});

test("a direct chat without messages is listed for who opened it alone", () => {
  const chats = [direct("x", 0), direct("y", 5), chat("a", 0)];
  expect(list(chats)).toEqual(["group", "a", "direct", "y"]);
  expect(list(chats, { current: "x" })).toEqual(["group", "a", "direct", "y", "x"]);
  expect(list(chats, { opened: new Set(["x"]) })).toEqual(["group", "a", "direct", "y", "x"]);
  expect(list([direct("x", undefined)])).toEqual(["direct", "x"]); // an older server does not say whether it is empty
});

test("a folded section shows unread chats and the open one", () => {
  const chats = [chat("a", 1), chat("b", 2, { unread: 1 }), chat("c", 3), direct("x", 4)];
  const folded = new Set(["group"] as const);
  expect(list(chats, { folded })).toEqual(["group", "b", "direct", "x"]);
  expect(list(chats, { folded, current: "a" })).toEqual(["group", "b", "a", "direct", "x"]);
  expect(list([chat("a", 1)], { folded })).toEqual(["group"]);
});

test("starred chats are on top, hidden ones are listed while they are open, muted ones are at their place", () => {
  const own = { level: "default", mutedUntil: 0, hidden: false, starred: false, unreadFrom: 0 } as const;
  const chats = [chat("a", 1, { mine: { ...own, starred: true } }), chat("b", 2, { mine: { ...own, hidden: true }, unread: 1 }), chat("c", 3), direct("x", 4, { mine: { ...own, starred: true } }), chat("d", 5, { unread: 3, mine: { ...own, mutedUntil: -1 } }), chat("e", 4, { unread: 1 })];
  expect(list(chats)).toEqual(["starred", "x", "a", "group", "d", "e", "c"]);
  expect(list(chats, { current: "b" })).toEqual(["starred", "x", "a", "group", "d", "e", "c", "b"]);
  expect(list(chats, { unreadFirst: true })).toEqual(["starred", "x", "a", "group", "e", "d", "c"]);
  expect(list(chats, { folded: new Set(["group"]) })).toEqual(["starred", "x", "a", "group", "e"]);
  const items = listItems(chats, plain);
  expect(nextUnread(items, map(...chats), "x", 1)).toBe("e");
  expect(nextUnread(items, map(...chats, { ...chats[4]!, mentions: 1 }), "x", 1)).toBe("d");
});

test("a change that moves no chat returns the same list", () => {
  const items = stableItems(plain);
  const first = items(map(chat("a", 2), chat("b", 1)));
  expect(keys(first)).toEqual(["group", "a", "b"]);
  expect(items(map(chat("a", 3, { unread: 1 }), chat("b", 1)))).toBe(first);
  expect(keys(items(map(chat("a", 3), chat("b", 4))))).toEqual(["group", "b", "a"]);
  expect(keys(items(map(chat("b", 4))))).toEqual(["group", "b"]);
});

test("keepOrder moves no row: chats that are gone are left out, new ones are last", () => {
  const before = listItems([chat("a", 3), chat("b", 2), direct("x", 1)], plain);
  const chats = map(chat("a", 3), chat("new", 9), direct("y", 8), chat("read", 1), direct("x", 1));
  expect(keys(keepOrder(before, listItems(chats.values(), plain), chats))).toEqual(["group", "a", "direct", "x", "y", "late", "new", "read"]);
  expect(keys(keepOrder(before, [], map(chat("a", 3), direct("x", 1))))).toEqual(["group", "a", "direct", "x"]); // a read chat of a folded section stays, too
});

test("nextUnread goes around the list", () => {
  const chats = map(chat("a", 4, { unread: 1 }), chat("b", 3), chat("c", 2, { unread: 1 }), direct("x", 1, { unread: 1 }));
  const items = listItems(chats.values(), plain);
  const next = (current: string | undefined, step: 1 | -1) => nextUnread(items, chats, current, step);
  expect([next("a", 1), next("b", 1), next("c", 1), next("x", 1)]).toEqual(["c", "c", "x", "a"]);
  expect([next("a", -1), next("b", -1), next("c", -1), next("x", -1)]).toEqual(["x", "a", "a", "c"]);
  expect([next(undefined, 1), next(undefined, -1), next("elsewhere", 1)]).toEqual(["a", "x", "a"]);
  expect(nextUnread(items, map(chat("a", 4, { unread: 1 })), "a", 1)).toBeUndefined();
  expect(nextUnread([], chats, undefined, 1)).toBeUndefined();
});
