// The emoji and their names, loaded on first use.
import address from "emojibase-data/en/compact.json?url";
import codesAddress from "emojibase-data/en/shortcodes/iamcal.json?url";
import { fuzzyFind } from "../core/search.ts";

export interface Emoji {
  readonly sign: string;
  readonly name: string;
  readonly words: string;
  readonly group: number;
  /** Its shortcodes without colons, as Slack has them. */
  readonly codes: readonly string[];
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
  const [data, codes] = await Promise.all([
    json<{ unicode: string; hexcode: string; label: string; tags?: string[]; group?: number; order?: number; skins?: { unicode: string }[] }[]>(address),
    json<Record<string, string | string[]>>(codesAddress),
  ]);
  return data
    .filter((e) => e.group !== undefined && e.group !== components)
    .sort((a, b) => a.order! - b.order!)
    .map((e) => ({ sign: fullyQualified(e.unicode), name: e.label, words: (e.tags ?? []).join(" "), group: e.group!, codes: [codes[e.hexcode] ?? []].flat(), ...(e.skins && { tones: tonesOf(e.skins.map((s) => fullyQualified(s.unicode))) }) }));
}

async function json<T>(url: string): Promise<T> {
  const answer = await fetch(url);
  if (!answer.ok) throw new Error(String(answer.status));
  return (await answer.json()) as T;
}

/** Returns of all variants one for each tone: of those with two people the ones where both have it. */
export const tonesOf = (skins: readonly string[]): string[] => skinTones.flatMap((tone) => skins.find((s) => s.match(anyTone)?.every((m) => m === tone)) ?? []);

/** Returns the sign in a skin tone, 1 to 5; 0 is none. */
export const withTone = (e: Emoji, tone: number): string => e.tones?.[tone - 1] ?? e.sign;

/** Returns the form that the server stores: the data has variation selectors also where an emoji needs none. */
export const fullyQualified = (emoji: string): string => emoji.replace(/(\p{Emoji_Presentation})\ufe0f/gu, "$1");

export const findEmoji = (emojis: readonly Emoji[], query: string, limit: number): Emoji[] => fuzzyFind(query.replaceAll("_", " "), emojis, (e) => [e.name, e.words, e.codes.join(" ")], limit);

/** Reports whether the word is a shortcode of the emoji or its name. */
export const isNamed = (e: Emoji, word: string): boolean => e.codes.includes(word.toLowerCase()) || e.name.replaceAll(" ", "_").toLowerCase() === word.toLowerCase();
