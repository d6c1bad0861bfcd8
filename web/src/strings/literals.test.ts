import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

const src = join(import.meta.dirname, "..");

// Texts for users: text between tags, and attributes that are announced or shown.
const text = /(?<![\w)])<[A-Za-z][\w.]*(?:\s[^<>]*)?>\s*([^<>{}()&|?;]*\p{L}{2}[^<>{}()&|?;]*)[<{]|\s(?:aria-label|title|placeholder|label|alt|hint)="([^"]*\p{L}[^"]*)"/gu;

test("every text of a view is in strings/", () => {
  const views = readdirSync(src, { recursive: true, encoding: "utf8" }).filter((f) => f.endsWith(".tsx"));
  expect(views.length).toBeGreaterThan(20);
  const found = views.flatMap((f) => [...readFileSync(join(src, f), "utf8").matchAll(text)].map((m) => `${f}: ${m[1] ?? m[2]}`));
  expect(found).toEqual([]);
});

// A sentence in core: a literal with two adjacent words, or one that ends like a sentence.
const pieces = /\/\*[^]*?\*\/|\/\/.*|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`(?:[^`\\]|\\.)*`|(?<=[=(,:!&|?[]\s*|return )\/(?:[^/\\\n[]|\\.|\[(?:[^\]\\\n]|\\.)*\])+\//g;
const spoken = /\p{L}{2,},? \p{L}{2,}|\p{L}{2,}[.!?…]["'`]$/u;
const sentences = (source: string) => [...source.matchAll(pieces)].map((m) => m[0]).filter((s) => !s.startsWith("/") && spoken.test(s.replace(/\$\{[^}]*\}/g, "")));

test("no sentence is in core", () => {
  const files = readdirSync(join(src, "core")).filter((f) => f.endsWith(".ts") && !f.endsWith(".test.ts"));
  expect(files.length).toBeGreaterThan(20);
  expect(files.flatMap((f) => sentences(readFileSync(join(src, "core", f), "utf8")).map((s) => `${f}: ${s}`))).toEqual([]);
});

test("that search finds sentences, not comments or names", () => {
  expect(sentences('throw new Error("The line broke")')).toHaveLength(1);
  expect(sentences("if (/[`\"]/.test(x)) say(`Wait ${n} seconds.`, 'Gone.')")).toHaveLength(2);
  expect(sentences('/* Not "these two words" */ f("Content-Type", `gap ${id}`, "https://a.b") // nor "these two"')).toEqual([]);
});

test("the search finds texts and attributes", () => {
  expect([...'<p>Hello there</p>'.matchAll(text)].length).toBe(1);
  expect([...'<b className="x" title="Hello">{t.a}</b>'.matchAll(text)].length).toBe(1);
  expect([...'<p className="x">Hello, {name}</p>'.matchAll(text)].length).toBe(1);
});
