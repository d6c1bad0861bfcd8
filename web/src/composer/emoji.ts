// The emoji and their names, loaded on first use.
import address from "emojibase-data/en/compact.json?url";
import { fuzzyFind } from "../core/search.ts";

export interface Emoji { readonly sign: string; readonly name: string; readonly words: string; readonly group: number }

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
  const data = (await answer.json()) as { unicode: string; label: string; tags?: string[]; group?: number; order?: number }[];
  return data
    .filter((e) => e.group !== undefined && e.group !== components)
    .sort((a, b) => a.order! - b.order!)
    .map((e) => ({ sign: fullyQualified(e.unicode), name: e.label, words: (e.tags ?? []).join(" "), group: e.group! }));
}

/** Returns the form that the server stores: the data has variation selectors also where an emoji needs none. */
export const fullyQualified = (emoji: string): string => emoji.replace(/(\p{Emoji_Presentation})\ufe0f/gu, "$1");

export const findEmoji = (emojis: readonly Emoji[], query: string, limit: number): Emoji[] => fuzzyFind(query.replaceAll("_", " "), emojis, (e) => [e.name, e.words], limit);
