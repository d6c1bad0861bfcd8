import { expect, test } from "vitest";
import { plainText } from "./plainText.ts";

test("a preview is one line without Markdown", () => {
  for (const [text, want] of [
    ["**Office** is *closed*, ~~really~~", "Office is closed, really"],
    ["see [the wiki](https://a.example/b) and `x = 1`", "see the wiki and x = 1"],
    ["**Soup**:\n- a\n- b", "Soup: • a • b"],
    ["1. one\n2. two", "1. one 2. two"],
    ["> quoted\n\nanswer", "quoted answer"],
    ["```js\nlet a;\n\nlet b;\n```", "let a; let b;"],
    ["@ann 2*3*4 snake_case https://a.example/x", "@ann 2*3*4 snake_case https://a.example/x"],
    ["   \n\n hi \n there", "hi there"],
    ["****", "****"],
    ["# Agenda\n- [ ] tea\n- [x] cake\n\n| a | **b** |\n|---|---|\n| 1 | 2 |", "Agenda ☐ tea ✓ cake a b 1 2"],
  ]) expect(plainText(text!, 120), text).toBe(want);
});

test("a preview is cut between characters, and a long text costs no more than its beginning", () => {
  expect(plainText("a👍🏽b", 3)).toBe("a");
  expect(plainText("**" + "word ".repeat(10_000) + "**", 20)).toHaveLength(20);
});
