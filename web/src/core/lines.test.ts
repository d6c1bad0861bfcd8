import { expect, test } from "vitest";
import { type Line, lineOf, unknownPart } from "./lines.ts";
import { emptyState, reduce, type Action, type State } from "./state.ts";
import { Log, user } from "./testkit/log.ts";
import type { Event } from "./wire.ts";

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

/** A chat with a loaded message, of which the page sees all that follows. events: after which it is opened. */
function seen(events: readonly Event[] = []): { log: Log; state: State; say: (a: Action) => void; lines: () => Line[] } {
  const log = new Log("c", ["me", "ann"]);
  log.append({ event: "posted", by: "ann", clientId: "k", text: "hello" });
  for (const e of events.slice(log.head)) log.append(e);
  const it = { log, state: emptyState, say: (a: Action) => void (it.state = reduce(it.state, a)), lines: () => it.state.chats.get("c")!.lines?.flatMap((l) => l.messages) ?? [] };
  it.say({ type: "hello", resumed: {}, ok: { epoch: "e", me: user("me"), chats: [log.entry("me")], users: [], version: "1", now: 0, heartbeatMs: 25000, limits: {} } });
  const request = { window: {} };
  it.say({ type: "requestStarted", chatId: "c", request });
  it.say({ type: "page", chatId: "c", request, page: log.page("me", {}) });
  return it;
}

test("lines say after a reload what they said as it happened", () => {
  const it = seen();
  const happens = (e: object) => it.say({ type: "event", event: it.log.append(e as never) });
  /** The lines of a page that loads all of the log now. */
  const reloaded = () => {
    const page = seen(it.log.events);
    page.say({ type: "lines", chatId: "c", epoch: "e", from: 1, to: it.log.head, events: it.log.replay(0) });
    return page.lines().filter((l) => l.seq > 2);
  };
  const kinds: [object, object?][] = [
    [{ event: "renamed", by: "ann", title: "Tea", topic: "", picture: "", groupMentions: "everyone" }, { what: "renamed", now: { title: "Tea" } }],
    [{ event: "renamed", by: "ann", title: "Tea", topic: "Green", picture: "", groupMentions: "everyone" }, { what: "renamed", now: { topic: "Green" } }],
    [{ event: "renamed", by: "ann", title: "Tea", topic: "Green", picture: "", groupMentions: "admins" }],
    [{ event: "reacted", by: "ann", target: 2, emoji: "+", on: true }],
    [{ event: "role", by: "ann", users: ["me"], role: "admin" }],
    [{ event: "joined", by: "ann", users: ["carl"], role: "member" }, { what: "joined" }],
    [{ event: "left", by: "ann", users: ["carl"], reason: "removed" }, { what: "left" }],
    [{ event: "pinned", by: "me", target: 2, on: true }, { what: "pinned", on: true }],
    [{ event: "pinned", by: "ann", target: 2, on: false }, { what: "pinned", on: false }],
    [{ event: "renamed", by: "me", title: "Pot", topic: "Black", picture: "", groupMentions: "admins" }, { what: "renamed", now: { title: "Pot", topic: "Black" } }],
    [{ event: "renamed", by: "ann", title: "Pot", topic: "Black", picture: "p", groupMentions: "admins" }, { what: "renamed", now: { picture: "p" } }],
    [{ event: "renamed", by: "ann", title: "Pot", topic: "", picture: "p", groupMentions: "admins" }, { what: "renamed", now: { topic: "" } }],
    [{ event: "renamed", by: "ann", title: "Pot", topic: "", picture: "", groupMentions: "admins" }, { what: "renamed", now: { picture: "" } }],
  ];
  for (const [e, line] of kinds) {
    happens(e);
    const last = it.lines().at(-1);
    if (line) expect(last).toMatchObject({ ...line, seq: it.log.head });
    else expect(last?.seq).not.toBe(it.log.head);
    expect(it.lines()).toEqual(reloaded());
  }
  expect(it.lines().flatMap((l) => ("now" in l ? [l.now] : []))).toEqual([{ title: undefined }, { topic: undefined }, { title: "Pot", topic: undefined }, { picture: undefined }, { topic: "" }, { picture: "" }]);
  it.say({ type: "lines", chatId: "c", epoch: "other", from: 9, to: 9, events: [{ event: "left", chatId: "c", seq: 20, n: 1, at: 1, by: "ann", users: ["ann"] }] });
  expect(it.lines()).toEqual(reloaded());
});

test("lines of a response that is older than a change forget what that replaced", () => {
  const it = seen();
  it.log.append({ event: "renamed", by: "ann", title: "Tea", topic: "" });
  const old = it.log.replay(0);
  it.log.append({ event: "renamed", by: "ann", title: "Pot", topic: "" });
  const page = seen(it.log.events.slice(0, -1));
  page.say({ type: "event", event: it.log.events.at(-1)! });
  page.say({ type: "lines", chatId: "c", epoch: "e", from: 1, to: 3, events: old });
  expect(page.lines().flatMap((l) => ("now" in l ? [l.now] : []))).toEqual([{ title: undefined }, { title: "Pot" }]);
});

test("of an older server, what the page sees says what changed, and the log does not", () => {
  const event = { event: "renamed", chatId: "c", seq: 9, n: 1, at: 1, by: "ann" } as const;
  expect(lineOf({ ...event, title: "Tea", topic: "", picture: "" }, { title: "Pot", topic: "" })).toMatchObject({ now: { title: "Tea" } });
  expect(lineOf({ ...event, title: "Tea", topic: "", picture: "" }, { title: "Tea", topic: "" })).toBeUndefined();
  expect(lineOf(event)).toMatchObject({ what: "renamed", now: undefined });
});

test("lines make nothing unread and move no chat", () => {
  const it = seen();
  const before = it.state.chats.get("c")!;
  it.say({ type: "event", event: it.log.append({ event: "joined", by: "ann", users: ["carl"], role: "member" }) });
  const after = it.state.chats.get("c")!;
  expect([after.unread, after.lastAt, after.last]).toEqual([before.unread, before.lastAt, before.last]);
});
