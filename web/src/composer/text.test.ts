import { expect, test } from "vitest";
import { byteLength, inFence } from "./text.ts";

test("a fence is open until it is closed by its like", () => {
  for (const [text, want] of [
    ["hello", false], ["```", true], ["```js\nlet a", true], ["```\na\n```", false], ["```\na\n```\n", false],
    ["~~~\n```", true], ["````\n```", true], ["a `b` ```", false], ["   ```", true], ["    ```", false],
  ] as const) expect(inFence(text, text.length), text).toBe(want);
  expect(inFence("a\n```", 1)).toBe(false);
});

test("bytes, not characters", () => {
  expect(byteLength("aä👍")).toBe(7);
});
