// One chat as the page holds it: its entry, kept up to date by events, and what was loaded of it.
import type { Lines } from "./lines.ts";
import type { LoadedMessage } from "./message.ts";
import type { Thread } from "./thread.ts";
import type { Timeline } from "./timeline.ts";
import type { Entry, Event, Mine, Role, Seq, UserId, HistoryWindow } from "./wire.ts";

/** A request under way. Compared by identity, so that a late response is recognized. */
export interface PageRequest { readonly window?: HistoryWindow }

export interface Chat extends Omit<Entry, "last"> {
  readonly last?: LoadedMessage;
  readonly mine: Mine;
  /** The number of the last event that was applied. */
  readonly seen: Seq;
  /** Its time, by which the server checks that it is the same event; absent after a reset, until an event or an entry has it. */
  readonly seenAt?: number;
  /** The event up to which the entry's counts are current; ahead of seen while a resume catches up. */
  readonly countedUpTo: Seq;
  /** The entry cannot be computed from what is loaded and must be fetched. */
  readonly stale: boolean;
  /** An event came too early: the chat must be resumed. */
  readonly gap: boolean;
  /** Absent until a page is requested. */
  readonly timeline?: Timeline;
  /** What is known of the events between the messages. */
  readonly lines?: Lines;
  /** The thread in view; absent until it is loaded. */
  readonly thread?: Thread;
  /** The pinned messages by seq, the one pinned last at the end; undefined are those that are not loaded. Absent until they are requested. */
  readonly pins?: ReadonlyMap<Seq, LoadedMessage | undefined>;
  /** The roles of the members loaded so far; absent until they are requested. */
  readonly members?: ReadonlyMap<UserId, Role>;
  /** The read pointers of others, as far as they are known. */
  readonly reads: ReadonlyMap<UserId, Seq>;
  /** Who is typing, and until when that is shown. */
  readonly typing: ReadonlyMap<UserId, number>;
  /** Requests under way, each with the value of seen when it was sent. */
  readonly requests: ReadonlyMap<PageRequest, Seq>;
  /** Events since the oldest of them was sent: its response may lack these. */
  readonly eventsSince: readonly Event[];
}
