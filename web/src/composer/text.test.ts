import { expect, test } from "vitest";
import { byteLength, excess, inFence } from "./text.ts";

test("a fence is open until a fence of the same kind closes it", () => {
  for (const [text, want] of [
    ["hello", false], ["```", true], ["```js\nlet a", true], ["```\na\n```", false], ["```\na\n```\n", false],
    ["~~~\n```", true], ["````\n```", true], ["a `b` ```", false], ["   ```", true], ["    ```", false],
  ] as const) expect(inFence(text, text.length), text).toBe(want);
  expect(inFence("a\n```", 1)).toBe(false);
});

test("byteLength counts UTF-8 bytes", () => {
  expect(byteLength("aä👍")).toBe(7);
});

test("excess counts the characters to remove, not their bytes", () => {
  for (const [text, limit, want] of [["abc", 3, 0], ["abcde", 3, 2], ["ääää", 6, 1], ["ab👍", 3, 1], ["a👍👍", 4, 2], ["👍a", 4, 1], ["👍", 0, 1]] as const) expect(excess(text, limit), text).toBe(want);
});
