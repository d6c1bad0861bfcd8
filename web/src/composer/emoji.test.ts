import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import data from "emojibase-data/en/compact.json";
import { fullyQualified, skinTones, tonesOf } from "./emoji.ts";

test("the picker offers exactly what the server takes", () => {
  const server = readFileSync(new URL("../../../textrule/emoji.txt", import.meta.url), "utf8").trim().split(/\s+/);
  const components = 2; // skin tones and hair alone
  const picker = (data as { unicode: string; group?: number; skins?: { unicode: string }[] }[])
    .filter((e) => e.group !== undefined && e.group !== components)
    .flatMap((e) => [e, ...(e.skins ?? [])])
    .map((e) => fullyQualified(e.unicode));
  expect(picker.length).toBeGreaterThan(3900);
  expect(picker.sort()).toEqual(server.sort());
});

test("each skin tone has one sign, also of two people", () => {
  const all = (data as { unicode: string; skins?: { unicode: string }[] }[]).filter((e) => e.skins);
  expect(all.length).toBeGreaterThan(100);
  for (const e of all) {
    const tones = tonesOf(e.skins!.map((s) => fullyQualified(s.unicode)));
    expect(tones, e.unicode).toHaveLength(skinTones.length);
    expect(new Set(tones).size, e.unicode).toBe(skinTones.length);
  }
});
