import { expect, test } from "vitest";
import type { Line } from "../core/lines.ts";
import type { LoadedMessage } from "../core/message.ts";
import type { Pending } from "../core/outbox.ts";
import { buildRows } from "./rows.ts";

const noon = new Date(2030, 4, 5, 12).getTime();
const minute = 60_000;

const message = (seq: number, by: string, at: number, more: Partial<LoadedMessage> = {}): LoadedMessage =>
  ({ chatId: "c", seq, by, at, text: `t${seq}`, clientId: `i${seq}`, asOf: seq, ...more });
const pending = (clientId: string, at: number): Pending => ({ clientId, chatId: "c", text: clientId, at, tab: "t", state: "waiting" });

/** The rows in short: days as such, + where a group begins. */
const seen = (messages: LoadedMessage[], waiting: Pending[] = [], divider?: number) => buildRows(messages, waiting, "me", divider).map((r) => {
  switch (r.kind) {
    case "message": return `${r.first ? "+" : ""}${r.message.seq}`;
    case "pending": return `${r.first ? "+" : ""}${r.pending.clientId}`;
    default: return r.kind;
  }
});

test("messages of one author within five minutes form a group", () => {
  expect(seen([message(1, "ann", noon), message(2, "ann", noon + 5 * minute - 1), message(3, "ann", noon + 10 * minute - 1), message(4, "bob", noon + 10 * minute)]))
    .toEqual(["day", "+1", "2", "+3", "+4"]);
});

test("a day that repeats after a wrong clock has its own line and key", () => {
  const day = 24 * 60 * minute;
  const rows = buildRows([message(1, "ann", noon), message(2, "ann", noon + 365 * day), message(3, "ann", noon + 1), message(4, "ann", noon + 365 * day)], [], "me", undefined);
  expect(rows.map((r) => r.kind)).toEqual(["day", "message", "day", "message", "day", "message", "day", "message"]);
  expect(new Set(rows.map((r) => r.key)).size).toBe(rows.length);
});

test("a reply, a day and the divider begin a group", () => {
  const midnight = new Date(2030, 4, 6).getTime();
  const reply = { seq: 1, by: "ann", text: "t1" };
  expect(seen([message(1, "ann", midnight - 3), message(2, "ann", midnight - 2, { reply }), message(3, "ann", midnight), message(4, "ann", midnight + 1)], [], 3))
    .toEqual(["day", "+1", "+2", "day", "+3", "divider", "+4"]);
});

test("a pending message has the place and the key of the later message", () => {
  const before = message(1, "me", noon);
  const waiting = [pending("a", noon + minute), pending("b", noon + 7 * minute)];
  expect(seen([before], waiting)).toEqual(["day", "+1", "a", "+b"]);
  expect(seen([before, message(2, "me", noon + minute, { clientId: "a" })], waiting)).toEqual(["day", "+1", "2", "+b"]);
  const keys = (m: LoadedMessage[]) => buildRows(m, waiting, "me", undefined).map((r) => r.key);
  expect(keys([before, message(2, "me", noon + minute, { clientId: "a" })])).toEqual(keys([before]));
  expect(seen([], waiting)).toEqual(["day", "+a", "+b"]);
});

test("lines stand between the messages; people who came or went in the same way are one row", () => {
  const line = (seq: number, what: "joined" | "left", by: string, ...users: string[]): Line => ({ seq, asOf: seq, at: noon, by, what, users });
  const pin = (seq: number): Line => ({ seq, asOf: seq, at: noon, by: "ann", what: "pinned", target: 1, on: true });
  const lines = [line(2, "joined", "bob", "bob"), line(3, "joined", "cat", "cat"), line(4, "joined", "ann", "dan"), line(5, "joined", "ann", "eve"), line(6, "left", "bob", "bob"), line(7, "left", "ann", "cat"), pin(9), pin(10), line(12, "left", "dan", "dan")];
  const rows = buildRows([message(1, "ann", noon), message(8, "ann", noon), message(11, "ann", noon)], [], "me", 1, lines);
  expect(rows.map((r) => (r.kind === "lines" ? r.lines.map((l) => l.seq).join(" ") : r.kind === "message" ? `${r.first ? "+" : ""}#${r.message.seq}` : r.kind)))
    .toEqual(["day", "+#1", "2 3", "4 5", "6", "7", "divider", "+#8", "9", "10", "+#11", "12"]);
  expect(new Set(rows.map((r) => r.key)).size).toBe(rows.length);
});
