import { isolate } from "../isolate.ts";
import { plural } from "./format.ts";

export const thread = {
  title: "Conversation",
  show: "Show conversation",
  showInChat: "Show in chat",
  close: "Close conversation",
  back: "Back to chat",
  messages: "Messages of this conversation",
  /** more: there may be further ones. */
  replies: (n: number, more: boolean) => (more ? `${n}+ replies` : plural(n, { one: "# reply", other: "# replies" })),
  placeholder: "Reply…",
  in: (chat: string) => `in ${isolate(chat)}`,
  loadMore: "Show more replies",
  loading: "Loading more replies…",
};
