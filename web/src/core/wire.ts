// The values on the socket, named as in docs/protocol.md, and their encoding.
import { decodeMulti, encode } from "@msgpack/msgpack";

export type ChatId = string;
export type UserId = string;
/** The number of an event in its chat: 1, 2, 3, … without gaps; 0 is before the first. */
export type Seq = number;
export type Role = "member" | "admin";

/** `/api/pictures/` serves it; another picture has another id. */
export type PictureId = string;
export interface User { id: UserId; handle: string; name: string; status: string; role: Role; active: boolean; picture?: PictureId }
/** `files` is the number of files of a message without a text. */
export interface Quote { seq: Seq; by: UserId; text: string; files?: number }
export type FileId = string;
/** A file of a message; `durationMs` is of a video, audio or animated picture, `width` and `height` are in pixels as it is shown. */
export interface File { id: FileId; name: string; type: string; size: number; width?: number; height?: number; durationMs?: number; thumb: boolean; alt?: string }
export interface Reaction { emoji: string; count: number; mine: boolean; by: readonly UserId[] }

/** Whom a message mentions besides its mentions: all members, or those who are online. */
export type GroupMention = "all" | "here";

export interface Message {
  chatId: ChatId; seq: Seq; at: number; by: UserId; clientId: string; text: string;
  reply?: Quote; mentions?: readonly UserId[]; mentionsAll?: GroupMention; files?: readonly File[]; editedAt?: number; deletedAt?: number; reactions?: readonly Reaction[]; pinned?: boolean;
  /** Of a reply: the first message of its thread. */
  root?: Seq;
}

/** Who may mention all members with @all and @here. */
export type GroupMentions = "everyone" | "admins";

/** Which messages notify a user. */
export type Level = "all" | "mentions" | "none";
/** A member's own settings of a chat. mutedUntil is a time, 0 or mutedForEver; unreadFrom is 0 unless messages were marked as unread again. */
export interface Mine { level: Level | "default"; mutedUntil: number; hidden: boolean; starred: boolean; unreadFrom: Seq }
export const mutedForEver = -1;
/** A user's own settings for all chats; the quiet hours are times of day in timeZone, "22:00", or both empty. */
export interface Settings { level: Level; quietFrom: string; quietTo: string; timeZone: string; pushText: boolean }

/** A chat as the server lists it for one user. `activity` is the time of its head, `lastAt` that of its newest message (0: none); an older server does not send it. */
export interface Entry {
  id: ChatId; kind: "group" | "direct"; open: boolean; title: string; topic: string; head: Seq; memberCount: number; groupMentions?: GroupMentions;
  activity: number; lastAt?: number; role?: Role; readUpTo: Seq; unread: number; mentions: number; last?: Message; with?: UserId; picture?: PictureId; mine?: Mine;
}

/** A window of messages in ascending seq, at least as new as event `head`. */
export interface Page { messages: readonly Message[]; users: readonly User[]; head: Seq; moreBefore: boolean; moreAfter: boolean }
/** Messages of a thread in ascending seq, at least as new as event `head`. */
export interface ThreadPage { messages: readonly Message[]; users: readonly User[]; head: Seq; moreAfter: boolean }

/** docs/protocol.md has their units. An older server does not send all of them. */
export interface Limits { text: number; body: number; message: number; page: number; quote: number; readers: number; sockets: number; posts: { n: number; perMs: number }; file: number; files: number }

export interface Hello {
  epoch: string; me: User; chats: readonly Entry[]; users: readonly User[];
  version: string; now: number; limits: Partial<Limits>; heartbeatMs: number; settings?: Settings;
}

interface Logged { chatId: ChatId; seq: Seq; n: number; at: number; by: UserId; clientId?: string }
export type Posted = Logged & { event: "posted"; text?: string; reply?: Quote; root?: Seq; mentions?: readonly UserId[]; mentionsAll?: GroupMention; files?: readonly File[]; silent?: boolean; editedAt?: number; deletedAt?: number };
export type Event = Posted
  | Logged & { event: "edited"; target: Seq; text?: string; mentions?: readonly UserId[]; mentionsAll?: GroupMention }
  | Logged & { event: "deleted"; target: Seq }
  | Logged & { event: "pinned"; target: Seq; on: boolean }
  | Logged & { event: "reacted"; target: Seq; emoji?: string; on: boolean }
  | Logged & { event: "joined"; users: readonly UserId[]; role: Role }
  | Logged & { event: "left"; users: readonly UserId[]; reason?: string }
  | Logged & { event: "role"; users: readonly UserId[]; role: Role }
  | Logged & { event: "renamed"; title?: string; topic?: string; picture?: string; groupMentions?: GroupMentions; changed?: readonly string[] };

export type Signal =
  | { signal: "typing"; chatId: ChatId; by: UserId }
  | { signal: "read"; chatId: ChatId; by: UserId; seq: Seq }
  | { signal: "presence"; by: UserId; online: boolean }
  | { signal: "user"; user: User }
  | { signal: "mine"; chatId: ChatId; mine: Mine }
  | { signal: "settings"; settings: Settings }
  | { signal: "chat"; chatId: ChatId; gone: true }
  | { signal: "chat"; chatId: ChatId; gone?: false; head?: Seq; chat: Entry; users?: readonly User[] }
  | { signal: "reset"; chatId: ChatId; head?: Seq; epoch: string }
  | { signal: "caughtUp" };

/** Selects a page of a chat's history; without before, after and around the newest. */
export interface HistoryWindow { limit?: number; before?: Seq; after?: Seq; around?: Seq }

/** The commands: their fields and their results. */
export interface Commands {
  hello: [{ token?: string; as?: UserId; parts?: boolean }, Hello];
  resume: [{ epoch?: string; seen?: Readonly<Record<ChatId, Seq>>; at?: Readonly<Record<ChatId, number>>; more?: boolean }, object];
  post: [{ chatId: ChatId; clientId: string; text: string; replyTo?: Seq; files?: readonly FileId[]; alts?: Readonly<Record<FileId, string>>; silent?: boolean }, { seq: Seq; at: number; again?: boolean }];
  edit: [{ chatId: ChatId; clientId?: string; text: string; target: Seq }, { seq?: Seq }];
  delete: [{ chatId: ChatId; clientId?: string; target: Seq }, { seq?: Seq }];
  react: [{ chatId: ChatId; clientId?: string; target: Seq; emoji: string; on: boolean }, { seq?: Seq }];
  pin: [{ chatId: ChatId; clientId?: string; target: Seq; on: boolean }, { seq?: Seq }];
  read: [{ chatId: ChatId; seq: Seq }, object];
  typing: [{ chatId: ChatId }, object];
  focus: [{ chatIds: readonly ChatId[] }, object];
  history: [{ chatId: ChatId } & HistoryWindow, Page];
  ping: [object, { now: number }];
}
export type Verb = keyof Commands;
export type Fields<V extends Verb> = Commands[V][0];
export type Ok<V extends Verb> = Commands[V][1];

export interface Problem { code: string; message: string; field?: string; retryAfterMs?: number; requestId?: string }
/** A part of the reply to hello, sent ahead of it. */
export interface HelloPart { chats: readonly Entry[]; users: readonly User[] }
export type Reply = { re: number; ok: unknown; error?: undefined } | { re: number; ok?: undefined; error: Problem };

/** A value from the server. Unknown ones come from newer servers and are ignored. */
export type Value = Reply | { re: number; part: HelloPart } | Event | Signal;

/** Encodes a command; undefined fields are left out. */
export function encodeCommand<V extends Verb>(id: number, verb: V, fields: Fields<V>): Uint8Array<ArrayBuffer> {
  return encode({ id, do: verb, ...fields }, { ignoreUndefined: true });
}

/** Decodes the values of one WebSocket message, which holds one or more back to back. */
export function decodeValues(bytes: ArrayBuffer | Uint8Array<ArrayBuffer>): Value[] {
  return [...decodeMulti(bytes)] as Value[];
}
