// The thread in view: a message and all that reply to it, directly or through others. A part of the chat's log,
// loaded without the messages between, and kept up to date by its events.
import { type LoadedMessage, type MessageLimits, messageOf, withEvent } from "./message.ts";
import type { Event, Seq, UserId } from "./wire.ts";

export interface Thread {
  readonly root: Seq;
  readonly messages: readonly LoadedMessage[];
  /** There are messages after these. */
  readonly more: boolean;
}

/** Returns the thread with the page of messages after `after`. A first page replaces it; one that does not follow changes nothing. */
export function withThreadPage(t: Thread | undefined, after: Seq, page: Thread): Thread | undefined {
  if (!after) return page;
  const follows = t?.root === page.root && t.messages.at(-1)?.seq === after;
  return follows ? { ...page, messages: [...t.messages, ...page.messages] } : t;
}

/** Returns the thread after e; t itself if e changes nothing. */
export function withThreadEvent(t: Thread, e: Event, me: UserId, limits: MessageLimits): Thread {
  if (e.event !== "posted") return mapThread(t, (m) => withEvent(m, e, me, limits));
  const follows = e.root === t.root && !t.more && e.seq > (t.messages.at(-1)?.seq ?? 0);
  return follows ? { ...t, messages: [...t.messages, messageOf(e)] } : t;
}

/** Maps the messages; an unchanged thread stays the same object. */
export function mapThread(t: Thread, change: (m: LoadedMessage) => LoadedMessage): Thread {
  const messages = t.messages.map(change);
  return messages.every((m, i) => m === t.messages[i]) ? t : { ...t, messages };
}
