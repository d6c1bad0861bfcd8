// A language for tests: English with accents, a third longer, between brackets. A text on a page without
// brackets is not in the catalogue; a text whose brackets are cut does not fit.
import { en as english } from "../en/index.ts";
import type { Catalogue } from "../index.ts";

const accents = Object.fromEntries([..."AEIOUYaeiouycnsz"].map((c, i) => [c, [..."ÅÉÎÖÛÝåéîöûýçñšž"][i]!]));

/** Returns the sentence in the pseudo-language; names and numbers in it stay as they are. */
export function pseudo(sentence: string, names: readonly string[] = []): string {
  if (!/\p{L}/u.test(sentence)) return sentence;
  const known = names.filter(Boolean).map((n) => n.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  const parts = known.length ? sentence.split(new RegExp(`(${known.join("|")})`)) : [sentence];
  const words = parts.map((p) => (names.includes(p) ? p : p.replace(/[A-Za-z]/g, (c) => accents[c] ?? c)));
  return `⟦${words.join("")}${"·".repeat(Math.ceil(sentence.length / 3))}⟧`;
}

function translated(x: unknown): unknown {
  if (typeof x === "string") return pseudo(x);
  if (typeof x === "function") {
    return (...args: unknown[]) => pseudo((x as (...args: unknown[]) => string)(...args), args.flat().filter((a) => typeof a === "string"));
  }
  if (Array.isArray(x)) return x.map(translated);
  return Object.fromEntries(Object.entries(x as object).map(([key, value]) => [key, translated(value)]));
}

export const en = translated(english) as Catalogue;
