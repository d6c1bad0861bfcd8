import { expect, test } from "vitest";
import { changeFor } from "./format.ts";
import type { Format } from "./formats.ts";

/** Applies a format to a text in which « and » are the ends of the selection, or | the caret. */
function apply(format: Format, marked: string): string {
  const caret = marked.indexOf("|");
  const from = caret >= 0 ? caret : marked.indexOf("«"), to = caret >= 0 ? caret : marked.indexOf("»") - 1;
  const text = marked.replace(/[«»]/g, "").replace("|", "");
  const c = changeFor(format, text, from, to);
  if (!c) return marked;
  const now = text.slice(0, c.from) + c.text + text.slice(c.to);
  return c.start === c.end ? now.slice(0, c.start) + "|" + now.slice(c.start) : now.slice(0, c.start) + "«" + now.slice(c.start, c.end) + "»" + now.slice(c.end);
}

test.each([
  ["bold", "a «b» c", "a **«b»** c"],
  ["bold", "a **«b»** c", "a «b» c"],
  ["bold", "a «**b**» c", "a «b» c"],
  ["bold", "a« b »c", "a **«b»** c"], // a blank inside of the marks would make them text
  ["bold", "a «  »c", "a   **|**c"],
  ["bold", "wo«rd»s", "**«words»**"], // within a word they would be text
  ["bold", "这是«重要»的", "这是**«重要»**的"],
  ["bold", "|", "**|**"],
  ["bold", "**|**", "|"],
  ["bold", "a **b|** c", "a **b**| c"],
  ["bold", "no|thing", "**«nothing»**"],
  ["bold", "*«a»*", "***«a»***"],
  ["bold", "_«a»_", "_**«a»**_"],
  ["italic", "**«a»**", "**_«a»_**"],
  ["italic", "***«a»***", "**«a»**"],
  ["italic", "«*a*»", "«a»"],
  ["italic", "«**a**»", "_«**a**»_"],
  ["italic", "_«a»_", "«a»"],
  ["strike", "«a»", "~~«a»~~"],
  ["strike", "~~«a»~~", "«a»"],
  ["bold", "«- a\n- b\n\n1. c»", "«- **a**\n- **b**\n\n1. **c**»"],
  ["bold", "«- **a**\n- **b**»", "«- a\n- b»"],
  ["bold", "«**a**\nb»", "«**a**\n**b**»"],
  ["italic", "```\n«a»\n```", "```\n«a»\n```"],
  ["code", "«a b»", "`«a b»`"],
  ["code", "`«a b»`", "«a b»"],
  ["code", "«a`b»", "``«a`b»``"],
  ["code", "«`a``»", "``` «`a``» ```"],
  ["code", "x «a\nb» y", "x \n```\n«a\nb»\n```\n y"],
  ["codeBlock", "|", "```\n|\n```"],
  ["codeBlock", "«```»", "````\n«```»\n````"],
  ["link", "see «this»!", "see [this](«https://»)!"],
  ["link", "«https://a.b/c»", "[|](https://a.b/c)"],
  ["link", "«[this](https://a.b)»", "«this»"],
  ["link", "|", "[|](https://)"],
  ["bullets", "a|", "- a|"],
  ["bullets", "|", "- |"],
  ["bullets", "- |", "|"],
  ["bullets", "x\n«a\n\nb»", "x\n«- a\n\n- b»"],
  ["bullets", "«- a\n- b»", "«a\nb»"],
  ["bullets", "«1. a\n2. b\n»c", "«- a\n- b»\nc"],
  ["numbers", "«a\n  b»", "«1. a\n  2. b»"],
  ["numbers", "«- a\n- b»", "«1. a\n2. b»"],
  ["numbers", "«1. a\n2. b»", "«a\nb»"],
  ["quote", "«a\n\nb»", "«> a\n> \n> b»"],
  ["quote", "«> a\n> \n> b»", "«a\n\nb»"],
] as [Format, string, string][])("%s of %j", (format, text, want) => expect(apply(format, text)).toBe(want));

test("a format that is taken back leaves the text as it was", () => {
  for (const format of ["bold", "italic", "strike", "code", "quote"] as const) {
    for (const text of ["«a»", "x «a b» y", "«a\nb»"]) {
      if ((format === "code" && text.includes("\n")) || (format === "quote" && text.startsWith("x"))) continue; // it grows to whole lines
      expect(apply(format, apply(format, text)), `${format} ${text}`).toBe(text);
    }
  }
});
