import { expect, test } from "vitest";
import { t } from "./index.ts";
import { isolate } from "./isolate.ts";

test("a name with right-to-left letters is isolated, any other stands as it is", () => {
  for (const name of ["", "Ann", "Zoë 2", "山田", "Ёлка", "👩‍💻"]) expect(isolate(name)).toBe(name);
  for (const name of ["שלום", "محمد (2)", "Ann א", "A\u202enn", "\u{1e900}x", "ab\u200f"]) expect(isolate(name)).toBe(`\u2068${name}\u2069`);
  expect(isolate("א\u2069 b")).toBe("\u2068א b\u2069"); // a name cannot end its own isolation
});

// Parameters that are no names: numbers, and what the catalogue, the clock or the alphabet of handles says.
const notNames = new Set(["n", "s", "bytes", "v", "all", "most", "least", "time", "day", "days", "month", "until", "level", "emoji", "zone", "chip", "handle"]);
const exceptions: Readonly<Record<string, string>> = {
  "conversation.row text": "a whole message, at the end",
  "conversation.failed why": "a sentence of the catalogue",
  "conversation.marks marks": "words of the catalogue",
  "search.chip.has what": "a word of the catalogue",
  "sidebar.titleOf names": "a title, which the sentence that has it isolates",
  ...Object.fromEntries(["lines.joined", "lines.added", "lines.left", "lines.removed", "reactions"].map((of) => [`conversation.${of} names`, "each is isolated in the list"])),
};

test("every sentence of the catalogue isolates the names in it", () => {
  const name = "א (1)", isolated = isolate(name);
  const forgotten: string[] = [];
  let sentences = 0;
  const look = (path: string, x: unknown): void => {
    if (typeof x === "object" && x) for (const [key, value] of Object.entries(x)) look(path ? `${path}.${key}` : key, value);
    if (typeof x !== "function") return;
    const parameters = [...(/^(?:function \w*)?\(([^)]*)\)|^(\w+)/.exec(x.toString())!.slice(1).find((found) => found !== undefined)!).matchAll(/(?:^|,)\s*(\w+)/g)].map((m) => m[1]!);
    parameters.forEach((parameter, i) => {
      if (notNames.has(parameter) || exceptions[`${path} ${parameter}`]) return;
      const said = (of: string | readonly string[]) => {
        try {
          return String((x as (...args: unknown[]) => unknown)(...parameters.map((_, k) => (k === i ? of : 2))));
        } catch {
          return undefined; // a number, or the other type
        }
      };
      const texts = [said(name), said([name, "Ann"])].filter((text) => text !== undefined);
      if (!texts.length) forgotten.push(`${path} ${parameter}: neither a name nor a list of names`);
      for (const text of texts) {
        if (!text.includes(name)) continue;
        sentences++;
        if (text.replaceAll(isolated, "").includes(name)) forgotten.push(`${path} ${parameter}: ${text}`);
      }
    });
  };
  look("", t);
  expect(forgotten).toEqual([]);
  expect(sentences).toBeGreaterThan(60);
});
