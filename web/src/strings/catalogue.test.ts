import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { t } from "./index.ts";
import { en as other, pseudo } from "./testkit/pseudo.ts";

const src = join(import.meta.dirname, "..");

test("each text of the catalogue is used", () => {
  const views = readdirSync(src, { recursive: true, encoding: "utf8" }).filter((f) => /\.tsx?$/.test(f) && !f.startsWith("strings/en") && !f.includes(".test."));
  const sources = views.map((f) => readFileSync(join(src, f), "utf8"));
  const unused = Object.entries(t).flatMap(([view, texts]) => {
    const names = sources.map((s) => ({ s, name: new RegExp(String.raw`^const (\w+) = t\.${view};`, "m").exec(s)?.[1] }));
    return Object.keys(texts).filter((key) => !names.some(({ s, name }) => s.includes(`t.${view}.${key}`) || (name && new RegExp(String.raw`\b${name}\.${key}\b`).test(s)))).map((key) => `${view}.${key}`);
  });
  expect(unused).toEqual([]);
});

test("another language has the same shape", () => {
  const shape = (x: unknown): unknown => (typeof x === "object" && x ? Object.fromEntries(Object.entries(x).map(([k, v]) => [k, shape(v)])) : typeof x);
  expect(shape(other)).toEqual(shape(t));
  expect(pseudo("Sign in to Our house", ["Our house"])).toMatch(/^⟦Sîgñ îñ tö Our house·+⟧$/);
});
