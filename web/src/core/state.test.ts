import { expect, test } from "vitest";
import type { PageRequest } from "./chatModel.ts";
import { type Action, resumeSeqs, resumeTimes } from "./state.ts";
import { event, held, helloOf, me } from "./testkit/chat.ts";
import { user } from "./testkit/log.ts";
import type { Event, Page, Seq, HistoryWindow } from "./wire.ts";

test("an event is applied once, and one that comes too early sets gap", () => {
  const it = held(2);
  const [a, b] = [3, 4].map((n) => it.log.append({ event: "posted", by: "ann", text: `t${n}` }));
  it.say(event(b!));
  expect([it.chat().seen, it.chat().gap]).toEqual([3, true]);
  it.say(event(a!));
  const once = it.state;
  it.say(event(a!));
  expect(it.state).toBe(once);
  it.say(event(b!));
  expect([it.chat().seen, it.chat().gap, it.chat().unread]).toEqual([5, false, 4]);
});

test("a page requested before a reset is dropped", () => {
  const it = held(1);
  const request: PageRequest = { window: {} };
  it.say({ type: "requestStarted", chatId: "c", request });
  const page = it.log.page(me, {});
  it.say({ type: "signal", signal: { signal: "reset", chatId: "c", head: 9, epoch: "f" }, at: 0 });
  it.say({ type: "page", chatId: "c", request, page });
  expect(it.chat().timeline).toBeUndefined();
  expect([it.state.epoch, it.chat().seen, it.chat().stale]).toEqual(["f", 9, true]);
});

test("the last seen number has its time, from an event or from the entry with that head", () => {
  const it = held(2);
  expect([resumeSeqs(it.state), resumeTimes(it.state)]).toEqual([{ c: 3 }, { c: 1003 }]);
  it.say(event(it.log.append({ event: "renamed", by: "ann", title: "t", topic: "" })));
  expect([resumeSeqs(it.state), resumeTimes(it.state)]).toEqual([{ c: 4 }, { c: 1004 }]);

  // An entry of another history does not replace the time of the seen event.
  it.say({ type: "entry", entry: { ...it.log.entry(me), activity: 7 }, users: [] });
  expect(resumeTimes(it.state)).toEqual({ c: 1004 });

  // After a reset it is absent until the entry or the next event has it.
  const reset = () => {
    it.say({ type: "signal", signal: { signal: "reset", chatId: "c", head: 4, epoch: "e" }, at: 0 });
    it.say({ type: "requestStarted", chatId: "c", request: { window: {} } });
  };
  reset();
  expect([resumeSeqs(it.state), resumeTimes(it.state)]).toEqual([{ c: 4 }, {}]);
  it.say({ type: "entry", entry: { ...it.log.entry(me), head: 5, activity: 9 }, users: [] });
  expect(resumeTimes(it.state)).toEqual({});
  reset();
  it.say({ type: "entry", entry: it.log.entry(me), users: [] });
  expect(resumeTimes(it.state)).toEqual({ c: 1004 });
  reset();
  it.say(event(it.log.append({ event: "posted", by: "ann", text: "x" })));
  expect(resumeTimes(it.state)).toEqual({ c: 1005 });
});

test("a page older than the request is dropped", () => {
  const it = held(2);
  const request: PageRequest = { window: {} };
  const page = it.log.page(me, {});
  it.say(event(it.log.append({ event: "edited", by: "ann", target: 2, text: "new" })));
  it.say({ type: "requestStarted", chatId: "c", request });
  it.say({ type: "page", chatId: "c", request, page });
  expect(it.chat().timeline![0]!.messages[0]!.text).toBe("new");
});

test("neither an event nor an older page overwrites a newer page", () => {
  const it = held(1);
  const early: PageRequest = { window: {} }, request: PageRequest = { window: {} };
  it.say({ type: "requestStarted", chatId: "c", request: early });
  const old = it.log.page(me, {});
  const edit = it.log.append({ event: "edited", by: "ann", target: 2, text: "first" });
  it.log.append({ event: "edited", by: "ann", target: 2, text: "second" });
  it.say({ type: "requestStarted", chatId: "c", request });
  it.say({ type: "page", chatId: "c", request, page: it.log.page(me, {}) });
  it.say({ type: "page", chatId: "c", request: early, page: old });
  it.say(event(edit));
  expect(it.chat().timeline![0]!.messages[0]!.text).toBe("second");
});

test("a replay has reactions before a deletion that was applied already", () => {
  const it = held(1);
  it.say(event({ event: "posted", chatId: "c", seq: 3, n: 2, at: 5, by: "ann", deletedAt: 9 }));
  it.say(event({ event: "reacted", chatId: "c", seq: 4, n: 2, at: 6, by: "bob", target: 3, emoji: "+", on: true }));
  expect(it.chat().timeline![0]!.messages[1]!.reactions).toBeUndefined();
});

test("another epoch drops what was loaded", () => {
  const it = held(2);
  const resumed = resumeSeqs(it.state);
  expect(resumed).toEqual({ c: 3 });
  const again = helloOf(it.log) as Extract<Action, { type: "hello" }>;
  it.say({ ...again, resumed, ok: { ...again.ok, epoch: "f" } });
  expect(it.chat().timeline).toBeUndefined();
});

test("jumping elsewhere leaves a gap, and pages from both sides close it", () => {
  const it = held(0);
  // Every fifth event is no message, so pages also end between messages.
  for (let i = 0; i < 100; i++) it.say(event(it.log.append(i % 5 === 4 ? { event: "renamed", by: "ann", title: `t${i}`, topic: "" } : { event: "posted", by: "ann", text: `t${i}` })));
  it.say({ type: "trim", chatId: "c", from: 90, to: 101 });
  const load = (window: HistoryWindow) => {
    const request: PageRequest = { window };
    it.say({ type: "requestStarted", chatId: "c", request });
    it.say({ type: "page", chatId: "c", request, page: it.log.page(me, window) });
    return it.chat().timeline!.map((s) => [s.from, s.to]);
  };
  expect(load({ around: 22, limit: 8 })).toEqual([[17, 25], [90, 101]]);
  expect(load({ after: 25, limit: 40 })).toEqual([[17, 75], [90, 101]]);
  expect(load({ before: 90, limit: 12 })).toEqual([[17, 101]]);
  expect(load({ before: 17, limit: 50 })).toEqual([[1, 101]]);
});

test("a reaction to an emoji with unlisted names makes the message unsure", () => {
  const it = held(1);
  const request: PageRequest = { window: { around: 2, limit: 1 } };
  const many = { emoji: "+", count: 60, mine: false, by: Array.from({ length: 50 }, (_, i) => `u${i}`) };
  const crowded = (r: typeof many, head: Seq): Page => ({ ...it.log.page(me, {}), head, messages: [{ ...it.log.messages(me, 2)[0]!, reactions: [r] }] });
  it.say({ type: "requestStarted", chatId: "c", request });
  it.say({ type: "page", chatId: "c", request, page: crowded(many, 2) });
  it.say(event(it.log.append({ event: "reacted", by: me, target: 2, emoji: "+", on: true })));
  const unsure = it.chat().timeline![0]!.messages[0]!;
  expect([unsure.unsure, unsure.reactions![0]!.count, unsure.reactions![0]!.mine]).toEqual([true, 60, true]);
  it.say({ type: "requestStarted", chatId: "c", request });
  it.say({ type: "page", chatId: "c", request, page: crowded({ ...many, count: 61, mine: true }, 3) });
  const sure = it.chat().timeline![0]!.messages[0]!;
  expect([sure.unsure, sure.reactions![0]!.count]).toEqual([undefined, 61]);
});

test("a reaction whose emoji left the log makes the message unsure only when it is taken back", () => {
  const it = held(1);
  it.say(event(it.log.append({ event: "reacted", by: "bob", target: 2, emoji: "+", on: true })));
  const before = it.chat().timeline![0]!.messages[0]!;
  const c = it.chat();
  it.say(event({ event: "reacted", chatId: "c", seq: c.head + 1, n: 1, at: 100, by: "bob", target: 2, on: true }));
  expect(it.chat().timeline![0]!.messages[0]).toBe(before);
  it.say(event({ event: "reacted", chatId: "c", seq: c.head + 2, n: 1, at: 101, by: "bob", target: 2, on: false }));
  const after = it.chat().timeline![0]!.messages[0]!;
  expect([after.unsure, after.reactions]).toEqual([true, before.reactions]);
});

test("an entry without a picture removes it, and a renamed event without one keeps it", () => {
  const it = held(1);
  const pictured = { ...it.log.entry(me), picture: "p1" };
  it.say({ type: "entry", entry: pictured, users: [] });
  expect(it.chat().picture).toBe("p1");
  it.say({ type: "event", event: { event: "renamed", chatId: "c", seq: it.chat().head + 1, n: 1, at: 100, by: "ann", title: "Tea" } });
  expect(it.chat().picture).toBe("p1");
  it.say({ type: "event", event: { event: "renamed", chatId: "c", seq: it.chat().head + 1, n: 1, at: 100, by: "ann", picture: "p2" } });
  expect(it.chat().picture).toBe("p2");
  const { picture: _, ...bare } = { ...pictured, head: it.chat().head };
  it.say({ type: "entry", entry: bare, users: [] });
  expect(it.chat().picture).toBeUndefined();
});

test("a user's other picture replaces the one before", () => {
  const it = held(1);
  it.say({ type: "users", users: [{ ...user("ann"), picture: "p1" }] });
  expect(it.state.users.get("ann")?.picture).toBe("p1");
  it.say({ type: "signal", signal: { signal: "user", user: user("ann") }, at: 0 });
  expect(it.state.users.get("ann")?.picture).toBeUndefined();
});

test("a renamed event whose title left the log keeps the title", () => {
  const it = held(1);
  const c = it.chat();
  it.say(event({ event: "renamed", chatId: "c", seq: c.head + 1, n: 1, at: 100, by: "ann" }));
  expect([it.chat().title, it.chat().topic, it.chat().head]).toEqual([c.title, c.topic, c.head + 1]);
});

test("a reaction beyond the fiftieth name is counted and not listed", () => {
  const it = held(1);
  for (let i = 0; i < 52; i++) it.say(event(it.log.append({ event: "reacted", by: `u${i}`, target: 2, emoji: "+", on: true })));
  const m = it.chat().timeline![0]!.messages[0]!;
  expect([m.reactions![0]!.by.length, m.reactions![0]!.count, m.unsure]).toEqual([50, 51, true]);
});

test.each([
  ["the server's limit", { quote: 21 }, 10],
  ["the usual limit with a server that sends none", {}, 99],
  ["the usual limit with a server without limits", undefined, 99],
])("a quote is cut between characters by %s", (_, limits, letters) => {
  const it = held(1, limits);
  it.say(event(it.log.append({ event: "posted", by: "bob", text: "why", reply: { seq: 2, by: "ann", text: "t0" } })));
  it.say(event(it.log.append({ event: "edited", by: "ann", target: 2, text: "x" + "é".repeat(200) })));
  expect(it.chat().timeline![0]!.messages[1]!.reply!.text).toBe("x" + "é".repeat(letters));
});

test("typing ends with the message or by time; presence and users follow their signals", () => {
  const it = held(1);
  const signal = (s: Extract<Action, { type: "signal" }>["signal"]) => it.say({ type: "signal", signal: s, at: 1000 });
  signal({ signal: "typing", chatId: "c", by: "ann" });
  signal({ signal: "typing", chatId: "c", by: "bob" });
  it.say({ type: "tick", at: 6999 });
  expect([...it.chat().typing.keys()]).toEqual(["ann", "bob"]);
  it.say(event(it.log.append({ event: "posted", by: "ann", text: "there" })));
  expect([...it.chat().typing.keys()]).toEqual(["bob"]);
  it.say({ type: "tick", at: 7000 });
  expect(it.chat().typing.size).toBe(0);
  signal({ signal: "presence", by: "ann", online: true });
  signal({ signal: "user", user: { ...user(me), name: "New" } });
  expect([it.state.online.has("ann"), it.state.me!.name, it.state.users.get(me)!.name]).toEqual([true, "New", "New"]);
  it.say(helloOf(it.log));
  expect(it.state.online.size).toBe(0);
});

test("chat signals add and remove chats", () => {
  const it = held(1);
  it.say({ type: "signal", signal: { signal: "chat", chatId: "d", head: 4, chat: { ...it.log.entry(me), id: "d" }, users: [user("dora")] }, at: 0 });
  expect([it.state.chats.get("d")!.seen, it.state.users.has("dora")]).toEqual([4, true]);
  it.say({ type: "signal", signal: { signal: "chat", chatId: "d", gone: true }, at: 0 });
  it.say(event(it.log.append({ event: "left", by: "ann", users: [me] })));
  expect([it.state.chats.size, it.state.deleted.size]).toEqual([0, 0]);
});

test("a deleted chat is removed, and remembered as deleted", () => {
  const it = held(1);
  it.say(event(it.log.append({ event: "left", by: "ann", users: [me], reason: "deleted" })));
  expect([it.state.chats.size, [...it.state.deleted]]).toEqual([0, ["c"]]);
});

test("read pointers of others come from signals, pages of members and posts", () => {
  const it = held(1);
  const request: PageRequest = {};
  it.say({ type: "requestStarted", chatId: "c", request });
  it.say({ type: "members", chatId: "c", request, users: [], members: [{ userId: "bob", role: "member", readUpTo: 1 }] });
  it.say({ type: "signal", signal: { signal: "read", chatId: "c", by: "bob", seq: 2 }, at: 0 });
  it.say({ type: "signal", signal: { signal: "read", chatId: "c", by: "bob", seq: 1 }, at: 0 });
  it.say(event(it.log.append({ event: "posted", by: "ann", text: "x" })));
  expect(Object.fromEntries(it.chat().reads)).toEqual({ bob: 2, ann: 3 });
});

test("an event of an unknown kind is counted", () => {
  const it = held(1);
  it.say(event({ event: "painted", chatId: "c", seq: 3, n: 1, at: 5, by: "ann" } as unknown as Event));
  expect([it.chat().seen, it.chat().head, it.chat().timeline![0]!.to]).toEqual([3, 3, 3]);
});
