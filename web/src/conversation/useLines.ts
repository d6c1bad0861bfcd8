import { useEffect, useMemo } from "react";
import { useCore, useSnapshot } from "../app/useCore.ts";
import type { Chat } from "../core/chatModel.ts";
import { type Line, unknownPart } from "../core/lines.ts";
import type { MessageRange } from "../core/timeline.ts";

const none: readonly Line[] = [];

/** Returns the lines of a range of messages. They are loaded after the messages are painted. */
export function useLines(chat: Chat, range: MessageRange | undefined): readonly Line[] {
  const core = useCore();
  const live = useSnapshot((s) => s.connection.state === "live");
  const { id, lines } = chat;
  useEffect(() => {
    const part = range && live ? unknownPart(range, lines ?? []) : undefined;
    if (part) core.loadLines(id, part.from, part.to);
  }, [core, id, live, range, lines]);
  return useMemo(() => {
    if (!range || !lines) return none;
    const shown = lines.flatMap((l) => (l.to < range.from || l.from > range.to ? [] : l.messages)).filter((l) => l.seq >= range.from && l.seq <= range.to);
    return shown.length ? shown : none;
  }, [range, lines]);
}
