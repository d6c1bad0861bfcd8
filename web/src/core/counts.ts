// Keeps the counts of a chat as the server would list them. Where the loaded messages do not
// suffice for that, it marks the chat as stale.
import type { Chat } from "./chatModel.ts";
import { rangeAt } from "./timeline.ts";
import type { Event, UserId } from "./wire.ts";

/** Returns the chat with e counted in its entry. */
export function withEventCounted(c: Chat, e: Event, me: UserId): Chat {
  const now: { -readonly [K in keyof Chat]: Chat[K] } = { ...c, countedUpTo: e.seq, head: e.seq, activity: e.at };
  switch (e.event) {
    case "posted":
      now.lastAt = e.at;
      if (e.seq <= c.readUpTo) return now; // another device was faster than this event
      if (e.by === me) return { ...now, readUpTo: e.seq, unread: 0, mentions: 0 };
      return { ...now, unread: c.unread + 1, mentions: c.mentions + Number(e.mentions?.includes(me) ?? false) };
    // Whether a mention was added or removed depends on the text before, and the loaded text may be newer.
    case "edited":
      return e.target > c.readUpTo && (c.mentions > 0 || e.mentions?.includes(me)) ? { ...now, stale: true } : now;
    case "deleted":
      return e.target > c.readUpTo ? { ...now, unread: Math.max(0, c.unread - 1), stale: c.stale || c.mentions > 0 } : now;
    case "joined":
      return { ...now, memberCount: c.memberCount + e.users.length };
    case "left":
      return { ...now, memberCount: c.memberCount - e.users.length };
    case "role":
      return e.users.includes(me) ? { ...now, role: e.role } : now;
    case "renamed":
      return { ...now, title: e.title ?? c.title, topic: e.topic ?? c.topic, groupMentions: e.groupMentions ?? c.groupMentions, picture: e.picture === undefined ? c.picture : e.picture || undefined }; // without them a later one has replaced them
  }
  return now;
}

/** Counts again after the user's own read pointer moved. */
export function recount(c: Chat, me: UserId): Chat {
  if (c.readUpTo >= c.head) return { ...c, unread: 0, mentions: 0 };
  const s = c.timeline && rangeAt(c.timeline, c.head);
  if (!s || s.from > c.readUpTo + 1) return { ...c, stale: true };
  // The messages can be newer than the head: a deletion after it is counted when its event arrives.
  const unread = s.messages.filter((m) => m.seq > c.readUpTo && m.seq <= c.head && !(m.deletedAt && m.deletedAt <= c.activity));
  return { ...c, unread: unread.length, mentions: unread.filter((m) => m.mentions?.includes(me)).length };
}
