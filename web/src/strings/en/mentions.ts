import { isolate } from "../isolate.ts";
import { plural } from "./format.ts";

export const mentions = {
  title: "Mentions",
  unread: (n: number) => plural(n, { one: "# unread mention", other: "# unread mentions" }),
  /** Where a message is. */
  in: (chat: string) => `in ${isolate(chat)}`,
  named: "Mentioned you",
  replied: "Replied to you",
  loading: "Loading mentions…",
  none: "Nothing here yet",
  noneHint: "When someone mentions you with @ or replies to you, it shows up here.",
  failed: "Couldn't load your mentions.",
  retry: "Try again",
  more: "Show more",
};
