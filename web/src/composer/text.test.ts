import { expect, test } from "vitest";
import { byteLength, inFence } from "./text.ts";

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
