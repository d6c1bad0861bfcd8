import { useLayoutEffect, useRef, useState } from "react";
import { useCore } from "../app/useCore.ts";
import type { Chat } from "../core/chat.ts";
import type { ScrollPosition } from "../core/storage.ts";
import type { Seq } from "../core/wire.ts";
import { end } from "./useSavedPosition.ts";

const fromEdge = 160; // px above what is looked for

/** What to bring in sight: a message, so far below the upper edge, or the end. A new object each time it is to move. */
export interface ScrollTarget { at: Seq | "end"; readonly offset: number }

export const messageTarget = (seq: Seq): ScrollTarget => ({ at: seq, offset: fromEdge });

/**
 * Where one looks in a chat. It opens at the place that this step of the browser's history had, else at the message
 * that the address names, at the first unread, where one was the last time, at the end.
 */
export function useScrollTarget(chat: Chat, target: Seq | undefined): [ScrollTarget | undefined, (l: ScrollTarget) => void] {
  const core = useCore();
  const [scrollTarget, setScrollTarget] = useState<ScrollTarget>();
  const open = useRef(false);

  useLayoutEffect(() => {
    const opened = open.current;
    open.current = true;
    const noted = history.state as Partial<ScrollPosition> | typeof end | null;
    const toEnd = { at: "end", offset: 0 } as const;
    if (noted && noted !== end && noted.seq) return setScrollTarget({ at: noted.seq, offset: noted.offset ?? fromEdge });
    if (target && noted !== end) return setScrollTarget(messageTarget(target));
    if (opened) return setScrollTarget({ ...toEnd });
    if (chat.unread > 0) return setScrollTarget(messageTarget(chat.readUpTo + 1));
    if (noted === end) return setScrollTarget({ ...toEnd });
    let gone = false;
    const back = (p?: ScrollPosition) => gone || setScrollTarget(p ? { at: p.seq, offset: p.offset } : { ...toEnd });
    void (core.storage?.scrollPosition(chat.id) ?? Promise.resolve(undefined)).then(back, () => back());
    return () => void (gone = true);
  }, [target]);
  return [scrollTarget, setScrollTarget];
}
