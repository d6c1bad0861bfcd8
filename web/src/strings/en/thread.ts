import { isolate } from "../isolate.ts";
import { plural } from "./format.ts";

export const thread = {
  title: "Thread",
  show: "Show thread",
  showInChat: "Show in chat",
  close: "Close thread",
  back: "Back to chat",
  messages: "Messages in this thread",
  /** more: there may be further ones. */
  replies: (n: number, more: boolean) => (more ? `${n}+ replies` : plural(n, { one: "# reply", other: "# replies" })),
  placeholder: "Reply…",
  in: (chat: string) => `in ${isolate(chat)}`,
  loadMore: "Show more replies",
  loading: "Loading more replies…",
};
