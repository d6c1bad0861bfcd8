// What the page has seen to change of messages, for lists that show them outside of their chats: what a search found, and mentions.
import type { ChatId, Event, Message, Seq, UserId } from "./wire.ts";

type Change = Extract<Event, { event: "edited" | "deleted" }>;
/** The newest change of each message, the one seen last at the end. */
export type Changes = ReadonlyMap<string, Change>;

const mostChanges = 2000; // of which the page keeps the newest

/** Names a message among those of all chats. */
export const messageKey = ({ chatId, seq }: { chatId: ChatId; seq: Seq }): string => `${chatId}/${seq}`;

export function withChange(all: Changes, e: Event): Changes {
  if (e.event !== "edited" && e.event !== "deleted") return all;
  const key = messageKey({ chatId: e.chatId, seq: e.target });
  if ((all.get(key)?.seq ?? 0) >= e.seq) return all;
  const now = new Map(all);
  now.delete(key);
  now.set(key, e);
  if (now.size > mostChanges) now.delete(now.keys().next().value!);
  return now;
}

/** What of the state tells how messages are now. */
interface Known { readonly changes: Changes; readonly chats: ReadonlyMap<ChatId, unknown>; readonly epoch: string }

/** Returns a message as it is now; undefined once it was deleted or the user is not in its chat any more. */
export function currentOf({ changes, chats, epoch }: Known, m: Message): Message | undefined {
  if (m.deletedAt || (epoch && !chats.has(m.chatId))) return undefined;
  const e = changes.get(messageKey(m));
  if (e?.event === "deleted") return undefined;
  if (!e?.text || e.at <= (m.editedAt ?? 0)) return m;
  return { ...m, text: e.text, mentions: e.mentions, mentionsAll: e.mentionsAll, editedAt: e.at };
}

/** Reports whether a message is one for the user's mentions. */
export const concerns = (m: Message, me: UserId): boolean => m.by !== me && (m.mentions?.includes(me) === true || m.reply?.by === me);
