import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { applyCompletion, completionAt, fuzzyFind, matchScore, normalize } from "./search.ts";

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

test("a word with @ or colon before the caret can be completed", () => {
  const at = (s: string) => {
    const caret = s.indexOf("|");
    const c = completionAt(s.replace("|", ""), caret);
    return c && `${c.kind} ${c.from}-${c.to} ${c.query}`;
  };
  expect(at("@|")).toBe("mention 0-1 ");
  expect(at("hi @an|")).toBe("mention 3-6 an");
  expect(at("(@bob.sm|ith)")).toBe("mention 1-8 bob.sm");
  expect(at("@Ång|")).toBe("mention 0-4 Ång");
  expect(at(":smi|")).toBe("emoji 0-4 smi");
  expect(at("ok :+1|")).toBe("emoji 3-6 +1");
  expect(at("你好@an|")).toBe("mention 2-5 an");
  expect(at("_@an|")).toBe("mention 1-4 an");
  for (const not of ["a@b|", "/@an|", "@@an|", ".@an|", "é@an|", "@an |", "at 10:30|", ":s|", "::|", "http://x|", "|@an", "@" + "x".repeat(60) + "|"]) expect(at(not)).toBeUndefined();
});

test("accepting a completion puts the caret after it and one space", () => {
  const take = (s: string, by: string) => {
    const caret = s.indexOf("|");
    const text = s.replace("|", "");
    const done = applyCompletion(text, completionAt(text, caret)!, by);
    return done.text.slice(0, done.caret) + "|" + done.text.slice(done.caret);
  };
  expect(take("hi @an|", "@ann")).toBe("hi @ann |");
  expect(take("hi @an| there", "@ann")).toBe("hi @ann |there");
  expect(take(":smi|", "😄")).toBe("😄 |");
});

const folds = JSON.parse(readFileSync(new URL("../../../textrule/testdata/fold.json", import.meta.url), "utf8")) as { same: [string, string][]; different: [string, string][] };

test("the page and the server take the same spellings for one", () => {
  for (const [a, b] of folds.same) expect(normalize(a), a).toBe(normalize(b));
  for (const [a, b] of folds.different) expect(normalize(a), a).not.toBe(normalize(b));
});
