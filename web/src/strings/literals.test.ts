import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

const src = join(import.meta.dirname, "..");

// What a person reads: text between tags, and the attributes that are spoken or shown.
const text = /(?<![\w)])<[A-Za-z][\w.]*(?:\s[^<>]*)?>\s*([^<>{}()&|?;]*\p{L}{2}[^<>{}()&|?;]*)[<{]|\s(?:aria-label|title|placeholder|label|alt|hint)="([^"]*\p{L}[^"]*)"/gu;

test("every text of a view is in the catalogue", () => {
  const views = readdirSync(src, { recursive: true, encoding: "utf8" }).filter((f) => f.endsWith(".tsx"));
  expect(views.length).toBeGreaterThan(20);
  const found = views.flatMap((f) => [...readFileSync(join(src, f), "utf8").matchAll(text)].map((m) => `${f}: ${m[1] ?? m[2]}`));
  expect(found).toEqual([]);
});

test("the search finds both kinds", () => {
  expect([...'<p>Hello there</p>'.matchAll(text)].length).toBe(1);
  expect([...'<b className="x" title="Hello">{t.a}</b>'.matchAll(text)].length).toBe(1);
  expect([...'<p className="x">Hello, {name}</p>'.matchAll(text)].length).toBe(1);
});
