// Keeps the counts of a chat as the server would list them. Where the loaded messages do not
// suffice for that, it marks the chat as stale.
import type { Chat } from "./chatModel.ts";
import { rangeAt } from "./timeline.ts";
import type { Event, GroupMention, Seq, UserId } from "./wire.ts";

/** Returns the number after which messages are unread. */
export const readTo = ({ readUpTo, mine: { unreadFrom } }: Pick<Chat, "readUpTo" | "mine">): Seq => (unreadFrom ? Math.min(readUpTo, unreadFrom - 1) : readUpTo);

const names = (m: { mentions?: readonly UserId[]; mentionsAll?: GroupMention }, me: UserId) => m.mentionsAll === "all" || (m.mentions?.includes(me) ?? false);

/** Returns the chat with e counted in its entry. */
export function withEventCounted(c: Chat, e: Event, me: UserId): Chat {
  const now: { -readonly [K in keyof Chat]: Chat[K] } = { ...c, countedUpTo: e.seq, head: e.seq, activity: e.at };
  switch (e.event) {
    case "posted":
      now.lastAt = e.at;
      if (c.mine.hidden || (e.by === me && c.mine.unreadFrom)) {
        now.stale = true; // the user may have hidden or marked it after this event, and that came before it: the entry tells
        now.mine = { ...c.mine, hidden: false, unreadFrom: e.by === me ? 0 : c.mine.unreadFrom };
        if (e.by === me) return { ...now, readUpTo: Math.max(e.seq, c.readUpTo), unread: 0, mentions: 0 };
      }
      if (e.seq <= readTo(c)) return now; // another device was faster than this event
      if (e.by === me) return { ...now, readUpTo: e.seq, unread: 0, mentions: 0 };
      return { ...now, unread: c.unread + 1, mentions: c.mentions + Number(names(e, me)) };
    // Whether a mention was added or removed depends on the text before, and the loaded text may be newer.
    case "edited":
      return e.target > readTo(c) && (c.mentions > 0 || names(e, me)) ? { ...now, stale: true } : now;
    case "deleted":
      return e.target > readTo(c) ? { ...now, unread: Math.max(0, c.unread - 1), stale: c.stale || c.mentions > 0 } : now;
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

/** Counts again after the user's own read pointer or mark moved. */
export function recount(c: Chat, me: UserId): Chat {
  const read = readTo(c);
  if (read >= c.head) return { ...c, unread: 0, mentions: 0 };
  const s = c.timeline && rangeAt(c.timeline, c.head);
  if (!s || s.from > read + 1) return { ...c, stale: true };
  // The messages can be newer than the head: a deletion after it is counted when its event arrives.
  const unread = s.messages.filter((m) => m.seq > read && m.seq <= c.head && !(m.deletedAt && m.deletedAt <= c.activity));
  return { ...c, unread: unread.length, mentions: unread.filter((m) => names(m, me)).length };
}
