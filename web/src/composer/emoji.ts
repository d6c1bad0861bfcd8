// The emoji and their names, loaded on first use.
import address from "emojibase-data/en/compact.json?url";
import { fuzzyFind } from "../core/search.ts";

export interface Emoji {
  readonly sign: string;
  readonly name: string;
  readonly words: string;
  readonly group: number;
  /** The sign in each skin tone, light to dark; absent if it has none. */
  readonly tones?: readonly string[];
}

/** The modifiers of the skin tones, light to dark. */
export const skinTones = ["🏻", "🏼", "🏽", "🏾", "🏿"] as const;
const anyTone = /[\u{1f3fb}-\u{1f3ff}]/gu;

const components = 2; // the group of skin tones and hair

let loading: Promise<readonly Emoji[]> | undefined;

/** Loads all emoji once; after a failure the next call loads them again. */
export function loadEmoji(): Promise<readonly Emoji[]> {
  loading ??= load().catch((err: unknown) => {
    loading = undefined;
    throw err;
  });
  return loading;
}

async function load(): Promise<readonly Emoji[]> {
  const answer = await fetch(address);
  if (!answer.ok) throw new Error(String(answer.status));
  const data = (await answer.json()) as { unicode: string; label: string; tags?: string[]; group?: number; order?: number; skins?: { unicode: string }[] }[];
  return data
    .filter((e) => e.group !== undefined && e.group !== components)
    .sort((a, b) => a.order! - b.order!)
    .map((e) => ({ sign: fullyQualified(e.unicode), name: e.label, words: (e.tags ?? []).join(" "), group: e.group!, ...(e.skins && { tones: tonesOf(e.skins.map((s) => fullyQualified(s.unicode))) }) }));
}

/** Returns of all variants one for each tone: of those with two people the ones where both have it. */
export const tonesOf = (skins: readonly string[]): string[] => skinTones.flatMap((tone) => skins.find((s) => s.match(anyTone)?.every((m) => m === tone)) ?? []);

/** Returns the sign in a skin tone, 1 to 5; 0 is none. */
export const withTone = (e: Emoji, tone: number): string => e.tones?.[tone - 1] ?? e.sign;

/** Returns the form that the server stores: the data has variation selectors also where an emoji needs none. */
export const fullyQualified = (emoji: string): string => emoji.replace(/(\p{Emoji_Presentation})\ufe0f/gu, "$1");

export const findEmoji = (emojis: readonly Emoji[], query: string, limit: number): Emoji[] => fuzzyFind(query.replaceAll("_", " "), emojis, (e) => [e.name, e.words], limit);
