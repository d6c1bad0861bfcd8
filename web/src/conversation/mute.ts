// For how long a chat can be muted, and what is said of it.
import { mutedForEver } from "../core/wire.ts";
import { t } from "../strings/index.ts";
import { clockTime, dateAndTime, dayAfter, dayOf } from "../ui/Time.tsx";

const hourMs = 3_600_000;
const morning = 8; // the hour at which "until tomorrow" ends

export const muteTimes = ["hour", "hours", "tomorrow", "ever"] as const;
export type MuteTime = (typeof muteTimes)[number];

/** Returns the end of muting, in ms, from a time on. */
export function muteEnd(what: MuteTime, now: number): number {
  switch (what) {
    case "hour": return now + hourMs;
    case "hours": return now + 8 * hourMs;
    case "tomorrow": return new Date(dayAfter(dayOf(now))).setHours(morning);
    case "ever": return mutedForEver;
  }
}

/** Returns until when a chat is muted, for people. */
export function mutedText(until: number, today: number): string {
  if (until === mutedForEver) return t.conversation.muted;
  return t.conversation.mutedUntil(until < dayAfter(today) ? clockTime(until) : dateAndTime(until));
}
