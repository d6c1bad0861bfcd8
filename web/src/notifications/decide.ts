// Whether a user is notified of a message, as the server decides it for pushes (chat/push.go). Both read the cases in
// chat/testdata/pushes.csv.
import type { Chat } from "../core/chatModel.ts";
import type { LoadedMessage } from "../core/message.ts";
import { type Level, mutedForEver, type Settings, type UserId } from "../core/wire.ts";

export type Reason = "direct" | "mention" | "group" | "message";
export type NoReason = "own" | "deleted" | "silent" | "read" | "muted" | "level" | "quiet";

type Place = Pick<Chat, "kind" | "mine" | "readUpTo">;
type Candidate = Pick<LoadedMessage, "seq" | "by" | "deletedAt" | "silent" | "mentions" | "mentionsAll" | "reply">;

/** Returns whether the user is notified of a message at a time of the server, in ms, and why or why not. */
export function decide(m: Candidate, c: Place, me: UserId, settings: Settings, now: number): [told: true, Reason] | [told: false, NoReason] {
  const { mutedUntil } = c.mine;
  if (m.by === me) return [false, "own"];
  if (m.deletedAt) return [false, "deleted"];
  if (m.silent) return [false, "silent"];
  if (m.seq <= c.readUpTo) return [false, "read"];
  if (mutedUntil === mutedForEver || now < mutedUntil) return [false, "muted"];
  const level = levelOf(c, settings);
  const reason = reasonOf(m, c, me);
  if (level === "none" || (level === "mentions" && reason === "message")) return [false, "level"];
  return isQuiet(settings, now) ? [false, "quiet"] : [true, reason];
}

/** Returns of which messages of a chat the user wants to be notified. */
export const levelOf = (c: Pick<Chat, "mine">, settings: Settings): Level => (c.mine.level === "default" ? settings.level : c.mine.level);

/** A user with a page is online, so @here names them. */
function reasonOf(m: Candidate, c: Place, me: UserId): Reason {
  if (c.kind === "direct") return "direct";
  if (m.mentions?.includes(me) || m.reply?.by === me) return "mention";
  return m.mentionsAll ? "group" : "message";
}

/** Reports whether a time, in ms, is in the user's quiet hours. */
function isQuiet({ quietFrom, quietTo, timeZone }: Settings, now: number): boolean {
  if (!quietFrom) return false;
  const at = timeOfDay(now, timeZone) ?? timeOfDay(now, "UTC")!;
  return quietFrom < quietTo ? quietFrom <= at && at < quietTo : quietFrom <= at || at < quietTo; // over midnight
}

/** Returns "15:04"; undefined for a zone that the browser does not know. */
function timeOfDay(now: number, timeZone: string): string | undefined {
  try {
    return new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZone }).format(now);
  } catch {
    return undefined;
  }
}
