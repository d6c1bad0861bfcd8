import { mutedForEver } from "../core/wire.ts";
import { t } from "../strings/index.ts";
import { clockTime, dateAndTime, dayAfter } from "../ui/Time.tsx";

/** Returns until when a chat is muted, for people. */
export function mutedText(until: number, today: number): string {
  if (until === mutedForEver) return t.conversation.muted;
  return t.conversation.mutedUntil(until < dayAfter(today) ? clockTime(until) : dateAndTime(until));
}
