import { expect, test } from "vitest";
import type { Line } from "../core/lines.ts";
import { lineText } from "./lineText.ts";

const names: Record<string, string> = { a: "Ann", b: "Bob", c: "Cleo", d: "Dan", e: "Eve" };
const text = (...lines: { by: string; seq?: number; what?: "joined" | "left"; users: string[] }[]) =>
  lineText(lines.map((l): Line => ({ seq: 5, at: 0, asOf: 5, what: "joined", ...l })), "me", (id) => names[id]!).replace(/[\u2066-\u2069]/g, "");

test("a line names its reader as a sentence does: You did, somebody added you; first in a list", () => {
  expect(text({ by: "me", users: ["b"] })).toBe("You added Bob.");
  expect(text({ by: "a", users: ["me"] })).toBe("Ann added you.");
  expect(text({ by: "a", users: ["b", "me", "c"] })).toBe("Ann added you, Bob and Cleo.");
  expect(text({ by: "a", what: "left", users: ["me"] })).toBe("Ann removed you.");
  expect(text({ by: "me", users: ["me"] })).toBe("You joined.");
  expect(text({ by: "b", users: ["b"] }, { by: "me", users: ["me"] })).toBe("You and Bob joined.");
  expect(text({ by: "me", what: "left", users: ["me"] })).toBe("You left.");
  expect(text({ by: "me", seq: 1, users: ["me", "b"] })).toBe("You created this chat. Bob joined.");
  expect(text({ by: "a", seq: 1, users: ["a", "b", "me"] })).toBe("Ann created this chat. You and Bob joined.");
});

test("a line names at most four people, its reader among them", () => {
  expect(text({ by: "a", users: ["b", "c", "d", "me"] })).toBe("Ann added you, Bob, Cleo and Dan.");
  expect(text({ by: "a", users: ["b", "c", "d", "e", "me"] })).toBe("Ann added you, Bob, Cleo and 2 others.");
});
