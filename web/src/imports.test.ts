// The import rules. Imports of types count, too: they make a circle for the reader.
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { expect, test } from "vitest";

const src = import.meta.dirname;
const files = readdirSync(src, { recursive: true, encoding: "utf8" }).filter((f) => /\.tsx?$/.test(f));
const imported = /(?:^|\n)\s*(?:import|export)\b[^"';]*?\bfrom\s*"(\.[^"]+)"|\bimport\("(\.[^"]+)"\)/g;

/** The imports of each file, as paths below src. */
const imports = new Map(files.map((f) => [f, [...readFileSync(join(src, f), "utf8").matchAll(imported)]
  .map((m) => relative(src, resolve(src, dirname(f), (m[1] ?? m[2])!))).filter((to) => files.includes(to))]));

/** Returns the circles that a depth-first search finds; none only if there are none. */
function circles(graph: ReadonlyMap<string, readonly string[]>): string[] {
  const done = new Set<string>(), found: string[] = [];
  const walk = (file: string, path: readonly string[]) => {
    if (path.includes(file)) return void found.push([...path.slice(path.indexOf(file)), file].join(" > "));
    if (done.has(file)) return;
    for (const to of graph.get(file) ?? []) walk(to, [...path, file]);
    done.add(file);
  };
  for (const file of graph.keys()) walk(file, []);
  return found;
}

test("no imports run in a circle", () => {
  expect(circles(new Map([["a", ["b"]], ["b", ["c"]], ["c", ["b"]]]))).toEqual(["b > c > b"]);
  expect(circles(imports)).toEqual([]);
});

test("core imports nothing but core, and no view", () => {
  const core = [...imports].filter(([f]) => f.startsWith("core/"));
  expect(core.length).toBeGreaterThan(20);
  expect(core.flatMap(([f, all]) => all.filter((to) => !to.startsWith("core/")).map((to) => `${f} > ${to}`))).toEqual([]);
});
