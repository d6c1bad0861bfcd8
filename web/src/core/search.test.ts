import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { fuzzyFind, matchScore, normalize } from "./search.ts";

const chats = ["General", "Design review", "Generic drugs", "Ops (on call)", "Ångström Lab", "Переговоры", "東京オフィス", "engineering-general", "Bob Smith", "Robert Bobson", "Garden"];
const best = (q: string) => fuzzyFind(q, chats, (c) => [c]);

test.each([
  ["general", ["General", "engineering-general"]],
  ["gen", ["General", "Generic drugs", "engineering-general"]],
  ["genral", ["General", "engineering-general"]],
  ["gradn", ["Garden"]],
  ["gaxdr", ["Garden"]],
  ["xradn", []],
  ["grab", []],
  ["dseign", ["Design review"]],
  ["esign", ["Design review", "engineering-general"]],
  ["xesign", ["Design review"]],
  ["review design", ["Design review"]],
  ["on cal", ["Ops (on call)"]],
  ["angstrom", ["Ångström Lab"]],
  ["Переговры", ["Переговоры"]],
  ["東京", ["東京オフィス"]],
  ["bob", ["Bob Smith", "Robert Bobson"]],
  ["ån", ["Ångström Lab"]],
  ["an", ["Ångström Lab"]],
  ["b", ["Bob Smith", "Robert Bobson"]],
  ["eginereing", ["engineering-general"]],
  ["ob", ["Bob Smith", "Robert Bobson"]],
  ["zz", []],
  ["design zz", []],
])("%j finds %j", (query, found) => {
  const all = best(query);
  expect(all.slice(0, found.length)).toEqual(found);
  expect(all.length - found.length).toBe(0);
});

test("an empty query keeps the order, and the best text of a thing counts", () => {
  expect(best("")).toEqual(chats);
  expect(fuzzyFind("ann", [{ name: "Berta", handle: "ann" }, { name: "Anna", handle: "x" }], (u) => [u.name, u.handle]).map((u) => u.name)).toEqual(["Berta", "Anna"]);
  expect(fuzzyFind("smith", ["Anna Smith", "Smith Anna"], (t) => [t])).toEqual(["Smith Anna", "Anna Smith"]);
  expect(matchScore("a", "")).toBe(0);
});

const folds = JSON.parse(readFileSync(new URL("../../../textrule/testdata/fold.json", import.meta.url), "utf8")) as { same: [string, string][]; different: [string, string][] };

test("the page and the server take the same spellings for one", () => {
  for (const [a, b] of folds.same) expect(normalize(a), a).toBe(normalize(b));
  for (const [a, b] of folds.different) expect(normalize(a), a).not.toBe(normalize(b));
});
