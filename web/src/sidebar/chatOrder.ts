import type { Chat } from "../core/chatModel.ts";
import type { ChatId } from "../core/wire.ts";

/** Sorts by newest activity; unreadFirst: with unread chats before the others. */
export function sortChats(chats: readonly Chat[], unreadFirst: boolean): ChatId[] {
  const first = (c: Chat) => (unreadFirst && c.unread > 0 ? 1 : 0);
  return [...chats].sort((a, b) => first(b) - first(a) || b.activity - a.activity || (a.id < b.id ? 1 : -1)).map((c) => c.id);
}

/** Returns a sort function that returns the same list until the order changes. */
export function stableOrder(unreadFirst: boolean): (chats: ReadonlyMap<ChatId, Chat>) => readonly ChatId[] {
  let of: ReadonlyMap<ChatId, Chat> | undefined, order: readonly ChatId[] = [];
  return (chats) => {
    if (chats === of) return order;
    of = chats;
    const now = sortChats([...chats.values()], unreadFirst);
    if (now.length !== order.length || now.some((id, i) => id !== order[i])) order = now;
    return order;
  };
}

/** Returns `now` in the order of `before`: removed ids are left out, new ones come last. */
export function keepOrder(before: readonly ChatId[], now: readonly ChatId[]): ChatId[] {
  const there = new Set(now), known = new Set(before);
  return [...before.filter((id) => there.has(id)), ...now.filter((id) => !known.has(id))];
}
