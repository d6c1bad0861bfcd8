// Emoji with their names, loaded on first use.
import data from "emojibase-data/en/compact.json";
import { find } from "../core/search.ts";

export interface Emoji { readonly sign: string; readonly name: string; readonly words: string; readonly group: number }

const components = 2; // skin tones and hair by themselves

export const emojis: readonly Emoji[] = (data as { unicode: string; label: string; tags?: string[]; group?: number; order?: number }[])
  .filter((e) => e.group !== undefined && e.group !== components)
  .sort((a, b) => a.order! - b.order!)
  .map((e) => ({ sign: e.unicode, name: e.label, words: (e.tags ?? []).join(" "), group: e.group! }));

export const findEmoji = (query: string, limit: number): Emoji[] => find(query.replaceAll("_", " "), emojis, (e) => [e.name, e.words], limit);
