import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { groupMention } from "./groupMention.ts";

const cases = JSON.parse(readFileSync(new URL("../../../textrule/testdata/groupMentions.json", import.meta.url), "utf8")) as { text: string; names: string }[];

test.each(cases)("the page and the server find the same mention of all members: $text", ({ text, names }) => expect(groupMention(text) ?? "").toBe(names));
