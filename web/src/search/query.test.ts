import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { formatQuery, openFilter, parseQuery, settled, takeFilters, withFilter, withoutFilter } from "./query.ts";

test.each([
  ["hello world", [], "hello world"],
  ["from:@ann hello", ["from=@ann"], "hello"],
  ["hello FROM:ann  world", ["from=ann"], "hello world"],
  ['in:"Design review" has:file x', ["in=Design review", "has=file"], "x"],
  ["in:“Design review” x", ["in=Design review"], "x"],
  [String.raw`in:"Say \"hi\"" x`, [`in=Say "hi"`], "x"],
  [String.raw`in:"5\" disks" x`, [`in=5" disks`], "x"],
  [`in:5"disks x`, [`in=5"disks`], "x"],
  [String.raw`in:"C:\x" x`, [String.raw`in=C:\x`], "x"],
  ['"from:ann said" x', [], '"from:ann said" x'],
  ["note:this https://x.org", [], "note:this https://x.org"],
  ["from:", [], "from:"],
  ["xfrom:ann", [], "xfrom:ann"],
])("%j has the filters %j and the text %j", (q, filters, text) => {
  const parsed = parseQuery(q);
  expect(parsed.filters.map((f) => `${f.name}=${f.value}`)).toEqual(filters);
  expect(parsed.text).toBe(text);
  expect(parseQuery(formatQuery(parsed))).toEqual(parsed);
});

test("a filter is taken once a space follows it", () => {
  expect(takeFilters({ filters: [], text: "x from:ann" }).filters).toEqual([]);
  expect(takeFilters({ filters: [], text: "x from:ann " })).toEqual({ filters: [{ name: "from", value: "ann" }], text: "x " });
  expect(takeFilters({ filters: [], text: "in:\"a b" }).filters).toEqual([]);
});

test("what is being typed at the end is not searched for", () => {
  expect(openFilter("x from:@an")).toEqual({ name: "from", value: "@an", from: 2 });
  expect(openFilter("in:\"Design re")).toEqual({ name: "in", value: "Design re", from: 0 });
  expect(openFilter("from:ann x")).toBeUndefined();
  expect(openFilter("x has:")).toEqual({ name: "has", value: "", from: 2 });
  expect(settled({ filters: [], text: "x from:@an" }).text).toBe("x");
  expect(settled({ filters: [], text: "x from:@an y" }).text).toBe("x from:@an y");
});

test("filters are added once, and removed", () => {
  const q = { filters: [{ name: "from", value: "ann" }, { name: "has", value: "file" }], text: "x" } as const;
  expect(formatQuery(withFilter(q, { name: "from", value: "bob" }))).toBe("has:file from:bob x");
  expect(formatQuery(withFilter(q, { name: "has", value: "link" }))).toBe("from:ann has:file has:link x");
  expect(formatQuery(withFilter(q, { name: "has", value: "file" }))).toBe("from:ann has:file x");
  expect(formatQuery(withoutFilter(q, 0))).toBe("has:file x");
});

interface Case { text: string; found: string[]; not: string[] }

test("the page passes the queries of the server's tests on as they are", () => {
  const { cases } = JSON.parse(readFileSync(new URL("../../../search/testdata/cases.json", import.meta.url), "utf8")) as { cases: Case[] };
  expect(cases.length).toBeGreaterThan(40);
  const words = (q: string) => q.trim().split(/\s+/).sort();
  for (const q of cases.flatMap((c) => [...c.found, ...c.not])) expect(words(formatQuery(parseQuery(q)))).toEqual(words(q));
});
