import { isolate } from "./isolate.ts";

export const composer = {
  field: "Message",
  placeholder: (chat: string) => `Write to ${isolate(chat)}`,
  send: "Send",
  emoji: "Emoji",
  noAnswer: "Give up the answer",
  left: (n: number) => `${n} bytes left`,
  tooLong: (n: number) => `${n} bytes too long`,
  suggestions: "Suggestions",
  search: "Search emoji",
  recent: "Used lately",
  found: "Found",
  none: "No emoji is called so.",
  loading: "Loading emoji…",
  categories: "Categories",
  skinTone: "Skin tone",
  tones: ["Default skin tone", "Light skin tone", "Medium-light skin tone", "Medium skin tone", "Medium-dark skin tone", "Dark skin tone"] as const,
  groups: ["Faces", "People", "", "Nature", "Food", "Places", "Doing", "Things", "Signs", "Flags"] as const,
};
