// The folding of events, without a browser.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Model } from "../static/model.js";

const me = { id: "me", handle: "me", name: "Me" };
const entry = (head, more = {}) => ({ id: "c", kind: "group", title: "T", head, memberCount: 2, activity: 0, readUpTo: head, unread: 0, mentions: 0, ...more });
const message = (seq, more = {}) => ({ chatId: "c", seq, at: seq, by: "ann", clientId: `k${seq}`, text: `m${seq}`, ...more });
const posted = (seq, more = {}) => ({ event: "posted", n: seq, ...message(seq, more) });
const page = (head, messages, more = {}) => ({ messages, users: [], head, moreBefore: false, moreAfter: false, ...more });

/** A model with one chat, its messages 1 to head loaded. */
function loaded(head) {
  const m = new Model(() => {});
  m.hello({ epoch: "e", me, chats: [entry(head)], users: [] });
  const c = m.chats.get("c");
  m.loading(c);
  m.loadedPage(c, page(head, Array.from({ length: head }, (_, i) => message(i + 1))), "all");
  return { m, c };
}

test("an event is applied once, and never past a hole", () => {
  const { m, c } = loaded(2);
  assert.equal(m.event(posted(3)), true);
  assert.equal(m.event(posted(3)), true);
  assert.equal(m.event(posted(5)), false);
  assert.deepEqual(c.messages.map((x) => x.seq), [1, 2, 3]);
  assert.equal(c.unread, 1);
});

test("a change after a deletion brings nothing back", () => {
  const { m, c } = loaded(1);
  m.event({ event: "deleted", chatId: "c", seq: 2, at: 2, by: "ann", target: 1 });
  m.event({ event: "edited", chatId: "c", seq: 3, at: 3, by: "ann", target: 1, text: "again" });
  m.event({ event: "reacted", chatId: "c", seq: 4, at: 4, by: "bob", target: 1, emoji: "x", on: true });
  assert.equal(c.messages[0].text, "");
  assert.equal(c.messages[0].reactions, undefined);
});

test("an edit whose text is gone waits for the deletion that follows", () => {
  const { m, c } = loaded(1);
  m.event({ event: "edited", chatId: "c", seq: 2, at: 2, by: "ann", target: 1 });
  assert.equal(c.messages[0].text, "m1");
});

test("a reaction counts once, whether it came with the page or as an event", () => {
  const { m, c } = loaded(1);
  m.loading(c);
  const on = { event: "reacted", chatId: "c", at: 2, by: "me", target: 1, emoji: "x", on: true };
  m.event({ ...on, seq: 2 });
  m.loadedPage(c, page(3, [message(1, { reactions: [{ emoji: "x", count: 60, mine: true, by: [] }] })]), "all");
  m.event({ ...on, seq: 3, by: "dan" }); // the page is as new as this
  assert.equal(c.messages[0].reactions[0].count, 60);
  m.event({ ...on, seq: 4, by: "bob" });
  assert.equal(c.messages[0].reactions[0].count, 61);
  m.event({ ...on, seq: 5, by: "bob", on: false });
  assert.equal(c.messages[0].reactions[0].count, 60);
  assert.equal(c.messages[0].reactions[0].mine, true);
});

test("what came while a page travelled is on it afterwards", () => {
  const { m, c } = loaded(1);
  m.loading(c);
  m.event(posted(2));
  m.event({ event: "edited", chatId: "c", seq: 3, at: 3, by: "ann", target: 1, text: "new" });
  m.loadedPage(c, page(1, [message(1)]), "all");
  assert.deepEqual(c.messages.map((x) => x.text), ["new", "m2"]);
});

test("a window in the past grows by its own pages alone", () => {
  const { m, c } = loaded(9);
  m.loading(c);
  m.loadedPage(c, page(9, [message(3), message(4)], { moreBefore: true, moreAfter: true }), "all");
  m.event(posted(10));
  assert.deepEqual(c.messages.map((x) => x.seq), [3, 4]);
  m.loading(c);
  m.loadedPage(c, page(9, [message(1)]), "before");
  m.loading(c);
  m.loadedPage(c, page(9, [message(5)]), "after");
  assert.deepEqual(c.messages.map((x) => x.seq), [1, 3, 4, 5]);
  assert.equal(c.moreAfter, false);
});

test("hello resumes what is held, and counts nothing twice", () => {
  const { m, c } = loaded(2);
  const past = m.hello({ epoch: "e", me, chats: [entry(4, { unread: 2, readUpTo: 2 })], users: [] });
  assert.deepEqual(past, { epoch: "e", seen: { c: 2 } });
  m.event(posted(3));
  m.event(posted(4));
  assert.equal(c.unread, 2);
  m.event(posted(5));
  assert.equal(c.unread, 3);
  assert.equal(c.messages.length, 5);
});

test("another epoch drops what is held", () => {
  const { m } = loaded(2);
  assert.deepEqual(m.hello({ epoch: "f", me, chats: [entry(4)], users: [] }), { epoch: "f", seen: {} });
  assert.equal(m.chats.get("c").loaded, false);
});

test("an own message moves the read pointer, an own departure takes the chat", () => {
  const { m, c } = loaded(1);
  m.event(posted(2));
  m.event(posted(3, { by: "me" }));
  assert.deepEqual([c.unread, c.readUpTo], [0, 3]);
  m.event({ event: "left", chatId: "c", seq: 4, at: 4, by: "ann", users: ["me"] });
  assert.equal(m.chats.size, 0);
});

test("a deleted text leaves the quotes too", () => {
  const { m, c } = loaded(1);
  m.event(posted(2, { reply: { seq: 1, by: "ann", text: "m1" } }));
  m.event({ event: "deleted", chatId: "c", seq: 3, at: 3, by: "ann", target: 1 });
  assert.equal(c.messages[1].reply.text, "");
});
