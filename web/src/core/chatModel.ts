// One chat as the page holds it: its entry, kept up to date by events, and what was loaded of it.
import type { LoadedMessage } from "./message.ts";
import type { Timeline } from "./timeline.ts";
import type { Entry, Event, Role, Seq, UserId, HistoryWindow } from "./wire.ts";

/** One request under way; its identity is what tells a late answer. */
export interface PageRequest { readonly window?: HistoryWindow }

export interface Chat extends Omit<Entry, "last"> {
  readonly last?: LoadedMessage;
  /** The last event that was applied. */
  readonly seen: Seq;
  /** Its time, which proves to the server that it was that one; absent after a reset, until an event or an entry tells it. */
  readonly seenAt?: number;
  /** Up to here the entry holds what the server would list; ahead of seen while a resume catches up. */
  readonly countedUpTo: Seq;
  /** The entry cannot be told from what is held: ask for it. */
  readonly stale: boolean;
  /** An event came too early: resume this chat. */
  readonly gap: boolean;
  /** Absent until somebody asked for a page. */
  readonly timeline?: Timeline;
  /** Roles of the members that are known; absent until asked for. */
  readonly members?: ReadonlyMap<UserId, Role>;
  /** How far others have read, where it is known. */
  readonly reads: ReadonlyMap<UserId, Seq>;
  /** Who types, and until when that is to be shown. */
  readonly typing: ReadonlyMap<UserId, number>;
  /** Requests under way, each with what had been seen when it left. */
  readonly requests: ReadonlyMap<PageRequest, Seq>;
  /** Events since the oldest of them left: an answer may lack these. */
  readonly eventsSince: readonly Event[];
}
