import { expect, test } from "vitest";
import { snippetParts } from "./snippet.ts";

/** Returns the parts of a snippet whose highlights are in ⟦⟧. */
function parts(marked: string): string[] {
  const highlights: [number, number][] = [];
  let snippet = "", from = 0;
  for (const c of marked) {
    if (c === "⟦") from = snippet.length;
    else if (c === "⟧") highlights.push([from, snippet.length - from]);
    else snippet += c;
  }
  return snippetParts(snippet, highlights);
}

test("a snippet is cut at its highlights", () => {
  expect(parts("a 🎉 ⟦word⟧ here")).toEqual(["a 🎉 ", "word", " here"]);
  expect(parts("x")).toEqual(["x"]);
});

test("a snippet has no Markdown, and keeps its highlights", () => {
  expect(parts("The ⟦migration⟧ took **11 minutes**, *no* `retries`")).toEqual(["The ", "migration", " took 11 minutes, no retries"]);
  expect(parts("see [the ⟦wiki⟧](https://a.example/b)")).toEqual(["see the ", "wiki", ""]);
  for (const marked of ["**⟦tomato⟧ soup**", "**tomato ⟦soup⟧**", "~~⟦soup⟧~~", "> ⟦soup⟧", "*a* ⟦soup⟧.", "`⟦soup⟧`", "…water **⟦soup⟧**…"]) expect(parts(marked).join(""), marked).not.toMatch(/[*~`>]/);
  expect(parts("2*3*4 ⟦snake⟧_case")).toEqual(["2*3*4 ", "snake", "_case"]);
});

test("a highlight in what a preview leaves out shows the snippet as it was written", () => {
  expect(parts("see [it](https://⟦wiki⟧.example)")).toEqual(["see [it](https://", "wiki", ".example)"]);
});
