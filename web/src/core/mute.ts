// For how long a chat can be muted.
import { mutedForEver } from "./wire.ts";

const hourMs = 3_600_000;
const morning = 8; // the hour at which "tomorrow" ends

export const muteTimes = ["hour", "hours", "tomorrow", "ever"] as const;
export type MuteTime = (typeof muteTimes)[number];

/** Returns the end of muting, in ms, from a time on. */
export function muteEnd(what: MuteTime, now: number): number {
  switch (what) {
    case "hour": return now + hourMs;
    case "hours": return now + 8 * hourMs;
    case "tomorrow": {
      const day = new Date(now);
      day.setDate(day.getDate() + 1);
      return day.setHours(morning, 0, 0, 0);
    }
    case "ever": return mutedForEver;
  }
}
