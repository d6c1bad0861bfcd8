import { expect, test } from "vitest";
import { type Line, lineOf, unknownPart } from "./lines.ts";
import { emptyState, reduce, type Action, type State } from "./state.ts";
import { Log, user } from "./testkit/log.ts";

const messages = (...seqs: number[]) => seqs.map((seq) => ({ seq }));

test("what is unknown is asked for in parts, the newest first", () => {
  const part = (from: number, to: number, all: number[], lines: Parameters<typeof unknownPart>[1] = []) => unknownPart({ from, to, messages: messages(...all) }, lines);
  expect(part(5, 7, [5, 6, 7])).toBeUndefined();
  expect(part(1, 7, [3, 5, 6, 7])).toEqual({ from: 1, to: 4 });
  expect(part(1, 7, [3, 5, 6, 7], [{ from: 4, to: 7, messages: [] }])).toEqual({ from: 1, to: 2 });
  expect(part(1, 7, [3, 5, 6, 7], [{ from: 1, to: 2, messages: [] }, { from: 4, to: 4, messages: [] }])).toBeUndefined();
  const far = Array.from({ length: 20 }, (_, i) => i + 2); // 2 to 21
  expect(part(1, 22, far)).toEqual({ from: 22, to: 22 });
  expect(part(1, 5000, [])).toEqual({ from: 4001, to: 5000 });
  expect(part(1, 0, [])).toBeUndefined();
});

/** A chat with a loaded message, of which the page sees all that follows. */
function seen(): { log: Log; state: State; say: (a: Action) => void; lines: () => Line[] } {
  const log = new Log("c", ["me", "ann"]);
  log.append({ event: "posted", by: "ann", clientId: "k", text: "hello" });
  const it = { log, state: emptyState, say: (a: Action) => void (it.state = reduce(it.state, a)), lines: () => it.state.chats.get("c")!.lines?.flatMap((l) => l.messages) ?? [] };
  it.say({ type: "hello", resumed: {}, ok: { epoch: "e", me: user("me"), chats: [log.entry("me")], users: [], version: "1", now: 0, heartbeatMs: 25000, limits: {} } });
  const request = { window: {} };
  it.say({ type: "requestStarted", chatId: "c", request });
  it.say({ type: "page", chatId: "c", request, page: log.page("me", {}) });
  return it;
}

test("an event that the page sees has a line that says what changed; one from the log says less", () => {
  const it = seen();
  const happens = (e: object) => it.say({ type: "event", event: it.log.append(e as never) });
  happens({ event: "renamed", by: "ann", title: "Tea", topic: "" });
  happens({ event: "renamed", by: "ann", title: "Tea", topic: "Green" });
  happens({ event: "renamed", by: "ann", title: "Tea", topic: "Green", groupMentions: "admins" });
  happens({ event: "reacted", by: "ann", target: 2, emoji: "+", on: true });
  happens({ event: "role", by: "ann", users: ["me"], role: "admin" });
  happens({ event: "joined", by: "ann", users: ["carl"], role: "member" });
  const now = it.lines();
  expect(now.map((l) => [l.seq, l.what])).toEqual([[3, "renamed"], [4, "renamed"], [8, "joined"]]);
  expect(now.slice(0, 2).map((l) => "now" in l && l.now)).toEqual([{ title: "Tea" }, { topic: "Green" }]);

  // The log says of a chat's names only what they are.
  it.say({ type: "lines", chatId: "c", epoch: "e", from: 1, to: 8, events: it.log.events });
  expect(it.lines().map((l) => l.seq)).toEqual([3, 4, 8]);
  expect(it.lines().slice(0, 2)).toEqual(now.slice(0, 2));
  expect(lineOf({ event: "renamed", chatId: "c", seq: 9, n: 1, at: 1, by: "ann" })).toMatchObject({ what: "renamed", now: undefined });
  it.say({ type: "lines", chatId: "c", epoch: "other", from: 9, to: 9, events: [{ event: "left", chatId: "c", seq: 9, n: 1, at: 1, by: "ann", users: ["ann"] }] });
  expect(it.lines().map((l) => l.seq)).toEqual([3, 4, 8]);
});

test("lines make nothing unread and move no chat", () => {
  const it = seen();
  const before = it.state.chats.get("c")!;
  it.say({ type: "event", event: it.log.append({ event: "joined", by: "ann", users: ["carl"], role: "member" }) });
  const after = it.state.chats.get("c")!;
  expect([after.unread, after.lastAt, after.last]).toEqual([before.unread, before.lastAt, before.last]);
});
