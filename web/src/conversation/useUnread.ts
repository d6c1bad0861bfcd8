import { useState } from "react";
import type { Chat } from "../core/chatModel.ts";
import type { Seq } from "../core/wire.ts";

/** What was unread: everything behind `after`; count: how many messages that was, 0 if they came while the conversation was open. */
export interface Unread { readonly after: Seq; readonly count: number }

/** Reports whether the page is visible and has the focus. */
export const isAttended = (): boolean => document.hasFocus() && document.visibilityState === "visible";

/** Returns what was unread when the conversation was opened, or came while the page was not attended or scrolled up: the divider is above it. */
export function useUnread(chat: Chat, scrolledUp: boolean): Unread | undefined {
  const hasUnread = chat.unread > 0;
  const [unread, setUnread] = useState<Unread | undefined>(() => (hasUnread ? { after: chat.readUpTo, count: chat.unread } : undefined));
  const [had, setHad] = useState(hasUnread);
  if (hasUnread !== had) {
    setHad(hasUnread);
    if (hasUnread && (scrolledUp || !isAttended()) && unread?.after !== chat.readUpTo) setUnread({ after: chat.readUpTo, count: 0 });
  }
  return unread;
}
