import { isolate } from "../isolate.ts";
import { plural } from "./format.ts";

export const pins = {
  pin: "Pin",
  unpin: "Unpin",
  unpinOf: (name: string) => `Unpin the message from ${isolate(name)}`,
  pinned: "Pinned",
  title: "Pinned messages",
  count: (n: number) => plural(n, { one: "# pinned message", other: "# pinned messages" }),
  none: "Nothing is pinned yet. Pin a message from its menu, and everyone in this chat can find it here.",
  loading: "Loading pinned messages…",
  failed: "Couldn't load the pinned messages.",
  retry: "Try again",
  show: "Show in chat",
};
