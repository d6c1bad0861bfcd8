import { expect, test } from "vitest";
import { byteLength, excess } from "./text.ts";

test("byteLength counts UTF-8 bytes", () => {
  expect(byteLength("aä👍")).toBe(7);
});

test("excess counts the characters to remove, not their bytes", () => {
  for (const [text, limit, want] of [["abc", 3, 0], ["abcde", 3, 2], ["ääää", 6, 1], ["ab👍", 3, 1], ["a👍👍", 4, 2], ["👍a", 4, 1], ["👍", 0, 1]] as const) expect(excess(text, limit), text).toBe(want);
});
