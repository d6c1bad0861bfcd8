import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { mutedForEver, type GroupMention, type Level, type Settings } from "../core/wire.ts";
import { decide } from "./decide.ts";

const noon = Date.UTC(2026, 6, 1, 12);
const rows = readFileSync(new URL("../../../chat/testdata/pushes.csv", import.meta.url), "utf8").split("\n").filter((l) => l && !l.startsWith("#")).map((l) => l.split(","));

/** Returns the case that words describe, as pushCase of chat/push_test.go; undefined for one that no page has. */
function caseOf(words: string): Parameters<typeof decide> | undefined {
  const all = words.split(" ");
  if (all.includes("@here") && !all.includes("online")) return undefined; // a user with a page is online
  const m: { -readonly [K in keyof Parameters<typeof decide>[0]]: Parameters<typeof decide>[0][K] } = { seq: 10, by: "bob" };
  const c = { kind: "group" as "group" | "direct", readUpTo: 9, mine: { level: "default" as Level | "default", mutedUntil: 0, hidden: false, starred: false, unreadFrom: 0 } };
  const settings: Settings = { level: "all", quietFrom: "", quietTo: "", timeZone: "UTC", pushText: true };
  for (const word of all) {
    const [name, value = ""] = word.split("=");
    switch (name) {
      case "group": case "online": break;
      case "direct": c.kind = "direct"; break;
      case "own": m.by = "ann"; break;
      case "deleted": m.deletedAt = 1; break;
      case "silent": m.silent = true; break;
      case "named": m.mentions = ["ann"]; break;
      case "@all": case "@here": m.mentionsAll = name.slice(1) as GroupMention; break;
      case "read": c.readUpTo = Number(value); break;
      case "level": c.mine.level = value as Level; break;
      case "default": settings.level = value as Level; break;
      case "muted": c.mine.mutedUntil = value === "for-ever" ? mutedForEver : noon + Number(value); break;
      case "quiet": [settings.quietFrom = "", settings.quietTo = ""] = value.split("-"); break;
      case "zone": settings.timeZone = value; break;
      case "active": break;
      default: throw new Error(word);
    }
  }
  return [m, c, "ann", settings, noon];
}

// A page knows whether it is attended: the server's rule that a person is active elsewhere is not its own.
test.each(rows.filter(([, , reason]) => reason !== "active"))("%s: %s, %s", (words = "", push, reason) => {
  const its = caseOf(words);
  if (its) expect(decide(...its)).toEqual([push === "push", reason]);
});

test("the table has all reasons", () => {
  expect(new Set(rows.map((r) => r[2]))).toEqual(new Set(["direct", "mention", "group", "message", "own", "deleted", "silent", "read", "muted", "level", "quiet", "active"]));
});

test("an answer to one of the user's messages concerns them", () => {
  const [m, c, me, settings, now] = caseOf("group level=mentions")!;
  expect(decide({ ...m, reply: { seq: 3, by: "ann", text: "" } }, c, me, settings, now)).toEqual([true, "mention"]);
  expect(decide({ ...m, reply: { seq: 3, by: "cat", text: "" } }, c, me, settings, now)).toEqual([false, "level"]);
});
