import { expect, test } from "vitest";
import { concerns, currentOf, withChange } from "./changes.ts";
import { emptyState, reduce, type State } from "./state.ts";
import { Log, user } from "./testkit/log.ts";
import type { Message } from "./wire.ts";

/** A page that knows the chat c and has loaded nothing of it. */
function page(): { log: Log; state: State; happens: (e: object) => void; lists: (m: Message) => string | undefined } {
  const log = new Log("c", ["me", "ann"]);
  for (const text of ["one", "two @me"]) log.append({ event: "posted", by: "ann", clientId: text, text, ...(text !== "one" && { mentions: ["me"] }) });
  const it = {
    log, state: reduce(emptyState, { type: "hello", resumed: {}, ok: { epoch: "e", me: user("me"), chats: [log.entry("me")], users: [], version: "1", now: 0, heartbeatMs: 25000, limits: {} } }),
    happens: (e: object) => void (it.state = reduce(it.state, { type: "event", event: log.append(e as never) })),
    lists: (m: Message) => currentOf(it.state, m)?.text,
  };
  return it;
}

test("a message in a list follows edits, and goes when it is deleted", () => {
  const it = page();
  const [one, two] = it.log.messages("me", 3);
  expect([it.lists(one!), it.lists(two!)]).toEqual(["one", "two @me"]);
  it.happens({ event: "edited", by: "ann", target: 3, text: "two" });
  expect([it.lists(one!), it.lists(two!)]).toEqual(["one", "two"]);
  expect([concerns(two!, "me"), concerns(currentOf(it.state, two!)!, "me")]).toEqual([true, false]);
  const newer = { ...two!, text: "newer", editedAt: it.log.events.at(-1)!.at + 1 }; // loaded after a later edit
  expect(it.lists(newer)).toBe("newer");
  it.happens({ event: "deleted", by: "ann", target: 3 });
  expect([it.lists(one!), it.lists(two!), it.lists(newer)]).toEqual(["one", undefined, undefined]);
  expect(JSON.stringify([...it.state.changes])).not.toContain("two"); // its text is kept nowhere
});

test("a list shows nothing of a chat that the user left, and all before it is known which those are", () => {
  const it = page();
  const [one] = it.log.messages("me", 3);
  expect(currentOf(emptyState, one!)).toBe(one);
  it.happens({ event: "left", by: "ann", users: ["me"], reason: "removed" });
  expect(it.lists(one!)).toBeUndefined();
});

test("an older change does not replace a newer one, and only the newest changes are kept", () => {
  const deleted = (seq: number) => ({ event: "deleted", chatId: "c", seq, n: 1, at: seq, by: "ann", target: 2 }) as const;
  const all = withChange(new Map(), deleted(9));
  expect(withChange(all, { ...deleted(8), event: "edited", text: "old" })).toBe(all);
  let many = all;
  for (let target = 100; target < 2200; target++) many = withChange(many, { ...deleted(target), target });
  expect([many.size, many.has("c/2"), many.has("c/2199")]).toEqual([2000, false, true]);
});
