// The emoji and their names, loaded on first use.
import address from "emojibase-data/en/compact.json?url";
import codesAddress from "emojibase-data/en/shortcodes/iamcal.json?url";
import { fuzzyFind } from "../core/search.ts";

/** codes: its shortcodes without colons, as Slack has them. */
export interface Emoji { readonly sign: string; readonly name: string; readonly words: string; readonly group: number; readonly codes: readonly string[] }

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
    json<{ unicode: string; hexcode: string; label: string; tags?: string[]; group?: number; order?: number }[]>(address),
    json<Record<string, string | string[]>>(codesAddress),
  ]);
  return data
    .filter((e) => e.group !== undefined && e.group !== components)
    .sort((a, b) => a.order! - b.order!)
    .map((e) => ({ sign: fullyQualified(e.unicode), name: e.label, words: (e.tags ?? []).join(" "), group: e.group!, codes: [codes[e.hexcode] ?? []].flat() }));
}

async function json<T>(url: string): Promise<T> {
  const answer = await fetch(url);
  if (!answer.ok) throw new Error(String(answer.status));
  return (await answer.json()) as T;
}

/** Returns the form that the server stores: the data has variation selectors also where an emoji needs none. */
export const fullyQualified = (emoji: string): string => emoji.replace(/(\p{Emoji_Presentation})\ufe0f/gu, "$1");

export const findEmoji = (emojis: readonly Emoji[], query: string, limit: number): Emoji[] => fuzzyFind(query.replaceAll("_", " "), emojis, (e) => [e.name, e.words, e.codes.join(" ")], limit);

/** Reports whether the word is a shortcode of the emoji or its name. */
export const isNamed = (e: Emoji, word: string): boolean => e.codes.includes(word.toLowerCase()) || e.name.replaceAll(" ", "_").toLowerCase() === word.toLowerCase();
