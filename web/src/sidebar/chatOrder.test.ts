import { expect, test } from "vitest";
import { newChat } from "../core/chat.ts";
import { keepOrder, stableOrder, sortChats } from "./chatOrder.ts";

const chat = (id: string, activity: number, unread = 0) =>
  newChat({ id, kind: "group", open: false, title: id, topic: "", head: 0, memberCount: 1, activity, readUpTo: 0, unread, mentions: 0 });

test("newest first, or unread first", () => {
  const chats = [chat("a", 1, 2), chat("b", 3), chat("c", 2, 1), chat("d", 3)];
  expect(sortChats(chats, false)).toEqual(["d", "b", "c", "a"]);
  expect(sortChats(chats, true)).toEqual(["c", "a", "d", "b"]);
});

test("a change that moves no chat returns the same list", () => {
  const order = stableOrder(false);
  const map = (...chats: ReturnType<typeof chat>[]) => new Map(chats.map((c) => [c.id, c]));
  const first = order(map(chat("a", 2), chat("b", 1)));
  expect(first).toEqual(["a", "b"]);
  expect(order(map(chat("a", 3, 1), chat("b", 1)))).toBe(first);
  expect(order(map(chat("a", 3, 1), chat("b", 4)))).toEqual(["b", "a"]);
  expect(order(map(chat("b", 4)))).toEqual(["b"]);
});

test("keepOrder keeps the order and appends new chats", () => {
  expect(keepOrder(["a", "b", "c"], ["new", "c", "a"])).toEqual(["a", "c", "new"]);
  expect(keepOrder([], ["b", "a"])).toEqual(["b", "a"]);
});
