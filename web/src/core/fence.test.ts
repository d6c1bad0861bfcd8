import { expect, test } from "vitest";
import { inCode, inFence } from "./fence.ts";

test("a fence is open until a fence of the same kind closes it", () => {
  for (const [text, want] of [
    ["hello", false], ["```", true], ["```js\nlet a", true], ["```\na\n```", false], ["```\na\n```\n", false],
    ["~~~\n```", true], ["````\n```", true], ["a `b` ```", false], ["```ls -l```", false], ["~~~ wow ~~~", false], ["```a\nb```", false], ["```a b", true], ["   ```", true], ["    ```", false],
  ] as const) expect(inFence(text, text.length), text).toBe(want);
  expect(inFence("a\n```", 1)).toBe(false);
});

test("a caret after an opening backtick is in code", () => {
  for (const [text, want] of [["a `b", true], ["a `b` c", false], ["`a\nb", false], ["```\na", true], ["plain", false]] as const) expect(inCode(text, text.length), text).toBe(want);
});
