import "fake-indexeddb/auto";
import { expect, test, vi } from "vitest";
import { isEmpty, listedChats, titleOf, unreadOf, userOf } from "./selectors.ts";
import { user } from "./testkit/log.ts";
import { fakeBrowser, page, pass } from "./testkit/page.ts";

fakeBrowser();

test("listeners get the chats and the live connection in one snapshot", async () => {
  const it = await page();
  const heard: string[] = [];
  await pass(1000); // so that the next change is notified at once
  it.core.store.subscribe(() => void (it.core.store.published.state.chats.size && heard.push(it.core.store.published.connection.state)));
  it.greet();
  await pass(1000);
  expect(heard[0]).toBe("live");
});

test("a message is posted, acknowledged and shown", async () => {
  const it = await page();
  expect(it.core.store.snapshot.phase).toBe("in");
  it.log.append({ event: "posted", by: "ann", text: "hello" });
  it.greet();
  await it.open();
  it.core.post("c", "hi", { seq: 2, by: "ann", text: "hello" });
  expect(it.texts()).toEqual(["hello", "hi sending"]);
  const { id, clientId, replyTo } = it.wire().last("post");
  expect(replyTo).toBe(2);
  it.wire().says({ re: id, ok: { seq: 3, at: 1 } });
  await pass();
  expect(it.texts()).toEqual(["hello", "hi sent"]);
  it.wire().says(it.log.append({ event: "posted", by: "me", clientId: String(clientId), text: "hi" }));
  expect(it.texts()).toEqual(["hello", "hi"]);
});

test("listeners are notified once for all values of a socket message, and at most once per frame", async () => {
  const it = await page();
  it.greet();
  await it.open();
  await pass(50);
  const before = it.told();
  const says = () => it.wire().says(...Array.from({ length: 20 }, (_, i) => it.log.append({ event: "posted", by: "ann", text: `t${i}` })));
  says();
  expect([it.told() - before, it.chat().unread]).toEqual([1, 20]);
  says();
  says();
  expect([it.told() - before, it.chat().unread]).toEqual([1, 60]);
  await pass(16);
  expect(it.told() - before).toBe(2);
});

test("a render in between uses the published snapshot: a message is always either pending or in the timeline", async () => {
  const it = await page();
  it.greet();
  await it.open();
  await pass(50);
  it.core.post("c", "mine");
  const { id, clientId } = it.wire().last("post");
  it.wire().says({ re: id, ok: { seq: 2, at: 1 } }, it.log.append({ event: "posted", by: "me", clientId: String(clientId), text: "mine" }));
  expect([it.core.store.snapshot.pending.length, it.core.store.published.pending.length]).toEqual([0, 1]);
  expect(it.core.store.published.state.chats.get("c")!.seen).toBe(1);
  await pass(16);
  expect(it.core.store.published).toBe(it.core.store.snapshot);
});

test("a slow device is notified less often, but at once of its user's messages", async () => {
  const it = await page();
  it.greet();
  await pass(1000);
  const now = performance.now.bind(performance);
  let drew = 0;
  vi.spyOn(performance, "now").mockImplementation(() => now() + drew);
  it.core.store.subscribe(() => void (drew += 20)); // the time of a render
  const said = () => it.wire().says(it.log.append({ event: "posted", by: "ann", text: "x" }));
  let before = it.told();
  said();
  await pass();
  expect(it.told()).toBe(before + 1);
  said();
  await pass(50);
  expect(it.told()).toBe(before + 1);
  it.core.post("c", "mine");
  expect(it.told()).toBe(before + 2);
  before = it.told();
  said();
  await pass(70);
  expect(it.told()).toBe(before);
  await pass(20);
  expect(it.told()).toBe(before + 1);
});

test("the first hello, a chat that opens and its thread are notified at once; a further page and a later hello wait for the pause", async () => {
  const thread = { messages: [], users: [], head: 5, moreAfter: false };
  const it = await page({ "GET /chats/c/messages/2/thread?limit=100": () => thread });
  const published = () => it.core.store.published.state;
  for (let i = 0; i < 4; i++) it.log.append({ event: "posted", by: "ann", text: `t${i}` });
  it.greet();
  expect(published().chats.size).toBe(1);
  const failed = it.core.load("c", { limit: 2 }).catch(() => "failed");
  it.wire().says({ re: it.wire().last("history").id, error: { code: "internal", message: "" } });
  expect(await failed).toBe("failed");
  void it.core.load("c", { limit: 2 });
  await it.history();
  expect(published().chats.get("c")!.timeline).toHaveLength(1);
  await it.core.loadThread("c", 2);
  expect(published().chats.get("c")!.thread?.root).toBe(2);
  const shown = published();
  void it.core.load("c", { limit: 2, before: 4 });
  await it.history();
  expect([published() === shown, it.texts().length]).toEqual([true, 4]);
  it.wire().breaks(4000, "retryAfterMs=1");
  await pass(1);
  it.wire().opens();
  it.greet();
  expect(published()).toBe(shown);
  await pass(16);
  expect(published()).toBe(it.core.store.snapshot.state);
});

test("a reconnect brings missed events, and the outbox retries with the same clientId", async () => {
  const it = await page();
  it.greet();
  await it.open();
  it.core.post("c", "over");
  const first = it.wire().last("post").clientId;
  const missed = it.log.append({ event: "posted", by: "ann", text: "missed" });
  it.wire().breaks(4000, "retryAfterMs=100");
  expect([it.core.store.snapshot.connection.cause, it.texts()]).toEqual(["restarting", ["over waiting"]]);
  await pass(100);
  it.wire().opens();
  expect(it.wire().last("resume")).toMatchObject({ epoch: "e", seen: { c: 1 }, at: { c: 1001 } });
  it.greet(missed);
  await pass();
  expect(it.texts()).toEqual(["missed", "over sending"]);
  expect(it.wire().last("post").clientId).toBe(first);
});

test("the next page sends the message of a closed one, also after signing in again", async () => {
  const it = await page();
  it.greet();
  it.core.post("c", "kept");
  const { clientId } = it.wire().last("post");
  await pass();
  it.wire().breaks(4501);
  expect(it.core.store.snapshot.phase).toBe("out");
  it.core.close();
  await pass();
  const next = await page();
  next.greet();
  await pass();
  expect(next.wire().last("post")).toMatchObject({ clientId, text: "kept" });
});

test("signing out erases what was stored", async () => {
  const it = await page();
  it.greet();
  it.core.post("c", "kept");
  await it.core.storage!.saveDraft("c", { text: "draft", at: 1 });
  void it.core.signOut();
  it.wire().breaks(4501); // the server closes first
  await pass(1);
  expect([it.core.store.snapshot.phase, it.core.store.snapshot.pending]).toEqual(["out", []]);
  it.core.close();
  const next = await page();
  next.greet();
  await pass();
  expect([next.wire().last("post"), (await next.core.storage!.drafts()).size]).toEqual([undefined, 0]);
});

test('"not signed in" and "no answer" are different phases', async () => {
  const out = await page({ "GET /me": () => ({ error: { code: "no_identity", message: "sign in" } }) });
  expect([out.core.store.snapshot.phase, out.wires.length]).toEqual(["out", 0]);
  let up = false;
  const down = await page({ "GET /me": () => (up ? { user: user("me") } : new TypeError("refused")) });
  expect([down.core.store.snapshot.phase, down.core.store.snapshot.failure?.code]).toEqual(["unreachable", "no_answer"]);
  up = true;
  await pass(5000);
  expect([down.core.store.snapshot.phase, down.wires.length]).toEqual(["in", 1]);
});

test("what the state lacks is fetched, each thing once", async () => {
  const it = await page({ "GET /users?ids=carl%2Cdora": () => ({ users: [user("carl"), user("dora")] }) });
  it.greet();
  await it.open();
  it.wire().says(it.log.append({ event: "posted", by: "carl", text: "@me", mentions: ["me"] }), it.log.append({ event: "posted", by: "dora", text: "x" }));
  it.wire().says(it.log.append({ event: "edited", by: "carl", target: 2, text: "no" }));
  expect(it.chat().stale).toBe(true);
  await pass(50);
  await pass();
  expect(it.asked.slice(1).sort()).toEqual(["GET /chats/c", "GET /users?ids=carl%2Cdora"]);
  expect([it.chat().mentions, userOf(it.core.store.snapshot.state, "carl").name]).toEqual([0, "CARL"]);

  const early = it.log.append({ event: "posted", by: "ann", text: "first" });
  it.wire().says(it.log.append({ event: "posted", by: "ann", text: "second" }));
  it.wire().says({ signal: "typing", chatId: "c", by: "ann" });
  expect(it.wire().got.filter((c) => c.do === "resume")).toMatchObject([{ seen: { c: 4 }, at: { c: 1004 } }]);
  it.wire().says(early, it.log.events.at(-1)!);
  expect(it.texts().slice(-2)).toEqual(["first", "second"]);
});

test("a failing server is not called in a loop", async () => {
  const it = await page({ "GET /chats/c": () => new TypeError("gone") });
  it.greet();
  it.wire().says({ signal: "reset", chatId: "c", head: 9, epoch: "e" });
  for (let i = 0; i < 20; i++) await pass(100);
  expect(it.asked.filter((a) => a === "GET /chats/c").length).toBe(1);
});

test("the read pointer is sent at most once a second, the last one always, and again after a reconnect", async () => {
  const it = await page();
  for (let i = 0; i < 9; i++) it.log.append({ event: "posted", by: "ann", text: `t${i}` });
  it.greet();
  const reads = () => it.wire().got.filter((c) => c.do === "read").map((c) => c.seq);
  for (const seq of [2, 3, 4]) it.core.markRead("c", seq);
  expect(reads()).toEqual([2]);
  it.wire().says({ re: it.wire().last("read").id, ok: {} });
  await pass(1000);
  expect([reads(), it.chat().readUpTo]).toEqual([[2, 4], 2]);
  it.wire().breaks(4000, "retryAfterMs=100");
  it.core.markRead("c", 3);
  it.core.markRead("c", 10);
  await pass(2000);
  it.greet();
  expect(reads()).toEqual([10]);
  it.wire().says({ re: it.wire().last("read").id, ok: {} });
  await pass(5000);
  expect([reads(), it.chat().unread]).toEqual([[10], 0]);
});

test("what is read while a mark as unread is being saved is reported after it", async () => {
  let save = () => {};
  const it = await page({ "PATCH /chats/c/mine": () => new Promise((ok) => (save = () => ok({ mine: it.log.mine }))) });
  for (let i = 0; i < 3; i++) it.log.append({ event: "posted", by: "ann", text: `t${i}` });
  it.greet();
  const reads = () => it.wire().got.filter((c) => c.do === "read").map((c) => c.seq);
  const marked = it.core.changeMine("c", { unreadFrom: 3 });
  it.core.markRead("c", 4);
  await pass(2000);
  it.wire().says({ signal: "mine", chatId: "c", mine: { ...it.log.mine, unreadFrom: 3 } }); // may come before the answer
  expect(reads()).toEqual([]);
  save();
  await marked;
  await pass();
  expect(reads()).toEqual([4]);
});

test("a mark as unread on another device drops what was not reported yet", async () => {
  const it = await page();
  for (let i = 0; i < 3; i++) it.log.append({ event: "posted", by: "ann", text: `t${i}` });
  it.greet();
  for (const seq of [2, 4]) it.core.markRead("c", seq);
  it.wire().says({ re: it.wire().last("read").id, ok: {} }, { signal: "mine", chatId: "c", mine: { ...it.log.mine, unreadFrom: 2 } });
  await pass(2000);
  expect(it.wire().got.filter((c) => c.do === "read").map((c) => c.seq)).toEqual([2]);
});

test("focus is sent again after a reconnect, typing at most every three seconds", async () => {
  const it = await page();
  it.greet();
  it.core.focus(["c", "gone"]);
  it.core.typing("c");
  it.core.typing("c");
  await pass(3000);
  it.core.typing("c");
  expect(it.wire().got.filter((c) => c.do === "typing").length).toBe(2);
  expect(it.wire().last("focus").chatIds).toEqual(["c"]);
  it.wire().breaks(4000, "retryAfterMs=100");
  await pass(100);
  it.greet();
  expect(it.wire().last("focus").chatIds).toEqual(["c"]);
  it.wire().says({ signal: "chat", chatId: "gone", head: 1, chat: { ...it.log.entry("me"), id: "gone" } });
  expect(it.wire().last("focus").chatIds).toEqual(["c", "gone"]);
});

test("typing expires", async () => {
  const it = await page();
  it.greet({ signal: "typing", chatId: "c", by: "ann" });
  await pass(5900);
  expect(it.chat().typing.size).toBe(1);
  await pass(200);
  expect(it.chat().typing.size).toBe(0);
});

test("a chat that is not in view keeps only its newest messages", async () => {
  const it = await page();
  it.greet();
  await it.open();
  it.wire().says(...Array.from({ length: 500 }, (_, i) => it.log.append({ event: "posted", by: "ann", text: `t${i}` })));
  expect(it.texts().length).toBeLessThan(400);
  expect(it.texts().at(-1)).toBe("t499");
  it.core.focus(["c"]);
  it.wire().says(...Array.from({ length: 500 }, (_, i) => it.log.append({ event: "posted", by: "ann", text: `u${i}` })));
  expect(it.texts().length).toBeGreaterThan(500);
});

test("another version of the server sets outdated", async () => {
  const it = await page();
  it.greet();
  it.wire().breaks(4000, "retryAfterMs=100");
  await pass(100);
  it.wire().greets({ version: "2" });
  expect([it.core.store.snapshot.outdated, it.core.store.snapshot.connection.state]).toEqual([true, "live"]);
});

test("the clock follows the server's", async () => {
  const it = await page();
  it.wire().greets({ now: 1_800_000_060_000 });
  expect(it.core.clock.now()).toBe(1_800_000_060_000);
});

test("all members are loaded, page by page", async () => {
  const it = await page({
    "GET /chats/c/members?limit=7": () => ({ members: [{ userId: "me", role: "admin", readUpTo: 1 }], users: [], next: "me" }),
    "GET /chats/c/members?limit=7&after=me": () => ({ members: [{ userId: "ann", role: "member", readUpTo: 1 }], users: [] }),
  });
  it.wire().greets({ chats: [it.log.entry("me")], limits: { page: 7 } });
  await it.core.loadMembers("c");
  expect([...it.chat().members!]).toEqual([["me", "admin"], ["ann", "member"]]);
});

test("a created chat is in the state when the call returns", async () => {
  const it = await page({ "POST /chats": () => ({ chat: { ...it.log.entry("me"), id: "d", kind: "direct", title: "", with: "dora", activity: 9999, lastAt: 0 }, users: [user("dora")] }) });
  it.greet();
  expect(await it.core.createChat({ clientId: "k", kind: "direct", members: ["dora"] })).toBe("d");
  const { state } = it.core.store.snapshot;
  expect(titleOf(state, state.chats.get("d")!)).toBe("DORA");
  expect(isEmpty(state.chats.get("d")!)).toBe(true);
  expect(listedChats(state).map((c) => c.id)).toEqual(["c"]); // nobody has written in d
  expect(unreadOf(state)).toEqual({ chats: 0, messages: 0, mentions: 0 });
});

test("a request that the connection loses is not under way", async () => {
  const it = await page();
  it.greet();
  const load = it.core.load("c", {});
  const gone = expect(load).rejects.toMatchObject({ code: "no_answer" });
  it.wire().breaks();
  await gone;
  expect(it.chat().requests.size).toBe(0);
});

test("a change is retried with its clientId after a broken connection or a rate limit; without a connection it fails", async () => {
  const it = await page();
  await expect(it.core.change("delete", { chatId: "c", target: 1 })).rejects.toMatchObject({ code: "no_answer" });
  it.greet();
  const edit = it.core.change("edit", { chatId: "c", target: 1, text: "x" });
  const { clientId } = it.wire().last("edit");
  it.wire().breaks(4000, "retryAfterMs=100");
  await pass(100);
  expect(it.wires.length).toBe(2);
  it.greet();
  await pass(16);
  const again = it.wire().last("edit");
  expect(again).toMatchObject({ clientId, text: "x" });
  it.wire().says({ re: again.id, error: { code: "rate_limited", message: "", retryAfterMs: 700 } });
  it.wire().got = [];
  await pass(600);
  expect(it.wire().last("edit")).toBeUndefined();
  await pass(100);
  it.wire().says({ re: it.wire().last("edit").id, ok: { seq: 9 } });
  expect(await edit).toEqual({ seq: 9 });
  const refused = it.core.change("react", { chatId: "c", target: 1, emoji: "x", on: true });
  it.wire().says({ re: it.wire().last("react").id, error: { code: "forbidden", message: "no" } });
  await expect(refused).rejects.toMatchObject({ code: "forbidden" });
});

test("the cause of a session's end is shown if the server ended it, not if the user did", async () => {
  const it = await page();
  it.greet();
  it.wire().breaks(4501);
  expect([it.core.store.snapshot.phase, it.core.store.snapshot.connection.cause]).toEqual(["out", "signedOut"]);
  let close = () => {};
  const other = await page({ "DELETE /sessions/current": () => void close() });
  other.greet();
  close = () => other.wire().breaks(4501); // before the response
  await other.core.signOut();
  expect([other.core.store.snapshot.phase, other.core.store.snapshot.connection.cause]).toEqual(["out", undefined]);
});

test("rateLimitedUntil is set until everything is sent", async () => {
  const it = await page();
  it.greet();
  it.core.post("c", "one");
  it.wire().says({ re: it.wire().last("post").id, error: { code: "rate_limited", message: "", retryAfterMs: 4000 } });
  await pass();
  expect(it.core.store.snapshot.rateLimitedUntil).toBe(Date.now() + 4000);
  await pass(4000);
  it.wire().says({ re: it.wire().last("post").id, ok: { seq: 2, at: 1 } });
  await pass();
  expect(it.core.store.snapshot.rateLimitedUntil).toBe(0);
});
