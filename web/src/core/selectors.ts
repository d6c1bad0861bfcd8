// Selectors of the state that several views use. Callers memoize those that return new objects.
import type { Chat } from "./chatModel.ts";
import type { Pending } from "./outbox.ts";
import type { State } from "./state.ts";
import { type MessageRange, rangeAt } from "./timeline.ts";
import type { ChatId, File, FileId, PictureId, Seq, User, UserId } from "./wire.ts";

export const unknownName = "…";

/** Placeholders of users that are not loaded, one object per id: subscribers compare by identity. */
const unknown = new Map<UserId, User>();

export function userOf(s: Pick<State, "users">, id: UserId): User {
  const known = s.users.get(id) ?? unknown.get(id);
  if (known) return known;
  const user: User = { id, handle: "", name: unknownName, status: "", role: "member", active: true };
  unknown.set(id, user);
  return user;
}

/** The names of users, and how many of the users are not loaded. */
export interface Names { readonly names: readonly string[]; readonly unknown: number }

export function namesOf(s: Pick<State, "users">, ids: Iterable<UserId>): Names {
  const all = [...ids].map((id) => s.users.get(id)?.name);
  const names = all.filter((name) => name !== undefined);
  return { names, unknown: all.length - names.length };
}

export function titleOf(s: State, c: Chat): string {
  return c.kind === "direct" && c.with ? userOf(s, c.with).name : c.title;
}

/** Returns the picture of a group, or of the other user of a direct chat. */
export function pictureOf(s: Pick<State, "users">, c: Pick<Chat, "kind" | "with" | "picture">): PictureId | undefined {
  return c.kind === "direct" && c.with ? userOf(s, c.with).picture : c.picture;
}

export const pictureUrl = (id: PictureId): string => `/api/pictures/${id}`;

/** Returns the time of the chat's newest message; that of its newest event if there is none, or if an older server does not send it. */
export const lastAt = (c: Chat): number => c.lastAt || c.last?.at || c.activity;

/** Reports whether nobody has written in the chat yet; an older server does not say. */
export const isEmpty = (c: Chat): boolean => c.lastAt === 0;

/** Compares chats for a list that begins with the newest message. */
export const newestFirst = (a: Chat, b: Chat): number => lastAt(b) - lastAt(a) || (a.id < b.id ? 1 : -1);

/** Reports whether the chat is muted: the state drops what has ended. */
export const isMuted = (c: Chat): boolean => c.mine.mutedUntil !== 0;

/** Returns how many unread messages call for attention: of a muted chat the mentions alone. */
export const callingOf = (c: Chat): number => (isMuted(c) ? c.mentions : c.unread);

/** Returns the chats, newest message first, without direct chats in which nobody has written; hidden ones are found all the same. */
export function foundChats(s: State): Chat[] {
  return [...s.chats.values()].filter((c) => c.kind === "group" || !isEmpty(c)).sort(newestFirst);
}

/** Returns those of them that are not hidden. */
export const listedChats = (s: State): Chat[] => foundChats(s).filter((c) => !c.mine.hidden);

export function unreadOf(s: State): { chats: number; messages: number; mentions: number } {
  const sum = { chats: 0, messages: 0, mentions: 0 };
  for (const c of s.chats.values()) {
    sum.chats += Number(callingOf(c) > 0);
    sum.messages += callingOf(c);
    sum.mentions += c.mentions;
  }
  return sum;
}

/** Returns the loaded range around a message, or that at the end; undefined if a page must be loaded first. */
export function rangeOf(c: Chat, at?: Seq): MessageRange | undefined {
  return c.timeline && rangeAt(c.timeline, at ?? c.seen);
}

/** Reports whether the range ends with the chat's last event. */
export const atEnd = (c: Chat, s: MessageRange): boolean => s.to >= c.seen;

/** Returns the address of a file; what: of its thumbnail, or one that the browser saves instead of showing it. */
export function fileUrl(chatId: ChatId, id: FileId, what?: "thumb" | "download"): string {
  return `/api/chats/${chatId}/files/${id}${what === "thumb" ? "/thumb" : what ? "?download=1" : ""}`;
}

/** Returns the address of a picture that does not move; undefined if there is none. */
export function stillUrl(chatId: ChatId, f: Pick<File, "id" | "type" | "durationMs" | "thumb">): string | undefined {
  return f.thumb ? fileUrl(chatId, f.id, "thumb") : isAnimated(f) ? undefined : fileUrl(chatId, f.id);
}

/** Returns what stands for a file where it is not seen. */
export const altText = ({ alt, name }: Pick<File, "alt" | "name">): string => alt || name;

export const isAnimated = ({ type, durationMs }: Pick<File, "type" | "durationMs">): boolean => fileKind(type) === "image" && !!durationMs;

/** Types that the server serves inline; it sends all others as attachments. */
const shown = new Set(["image/jpeg", "image/png", "image/gif", "image/webp", "image/avif", "video/mp4", "video/webm", "audio/mpeg", "audio/mp4", "audio/ogg"]);

/** Returns how a file is shown: "other" as a row with its name. */
export function fileKind(type: string): "image" | "video" | "audio" | "other" {
  return shown.has(type) ? (type.split("/")[0] as "image" | "video" | "audio") : "other";
}

/** Reports whether the user may name everybody in the chat with @all and @here. */
export const mayNameEverybody = (c: Chat): boolean => c.kind === "group" && (c.groupMentions === "everyone" || (c.groupMentions === "admins" && c.role === "admin"));

/** Returns the unsent messages of a chat. */
export function pendingOf(all: readonly Pending[], chatId: ChatId): Pending[] {
  return all.filter((p) => p.chatId === chatId);
}
