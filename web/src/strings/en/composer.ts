import { isolate } from "../isolate.ts";
import { plural } from "./format.ts";

export const composer = {
  placeholder: (chat: string) => `Message ${isolate(chat)}`,
  send: "Send",
  sendMore: "More options",
  sendSilently: "Send without notifying",
  /** What @all and @here do. */
  group: { all: "Notify everyone in this chat", here: "Notify everyone who's online" },
  notifyTitle: (n: number) => plural(n, { one: "Notify # person?", other: "Notify # people?" }),
  notifyAll: "Your message mentions @all, so everyone in this chat gets a notification.",
  notifyHere: "Your message mentions @here, so everyone in this chat who's online gets a notification.",
  cancel: "Cancel",
  emoji: "Emoji",
  cancelReply: "Cancel reply",
  left: (n: number) => plural(n, { one: "# character left", other: "# characters left" }),
  tooLong: (n: number) => plural(n, { one: "# character too long", other: "# characters too long" }),
  formatting: "Formatting",
  showFormatting: "Show formatting",
  hideFormatting: "Hide formatting",
  formats: { bold: "Bold", italic: "Italic", strike: "Strikethrough", link: "Link", code: "Code", codeBlock: "Code block", bullets: "Bulleted list", numbers: "Numbered list", quote: "Quote" },
  suggestions: "Suggestions",
  suggestionCount: (n: number) => plural(n, { one: "# suggestion", other: "# suggestions" }),
  search: "Search emoji",
  recent: "Recently used",
  found: "Search results",
  none: "No emoji found",
  loading: "Loading emoji…",
  categories: "Categories",
  skinTone: "Skin tone",
  tones: ["Default skin tone", "Light skin tone", "Medium-light skin tone", "Medium skin tone", "Medium-dark skin tone", "Dark skin tone"] as readonly string[],
  /** By the group number of the emoji data; 2 has no emoji of its own. */
  groups: ["Smileys & emotion", "People & body", "", "Animals & nature", "Food & drink", "Travel & places", "Activities", "Objects", "Symbols", "Flags"] as readonly string[],
};
