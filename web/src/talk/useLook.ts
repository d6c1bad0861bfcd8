import { useLayoutEffect, useRef, useState } from "react";
import { useCore } from "../app/useCore.ts";
import type { Chat } from "../core/chat.ts";
import type { Place } from "../core/storage.ts";
import type { Seq } from "../core/wire.ts";
import { end } from "./useNotes.ts";

const fromEdge = 160; // px above what is looked for

/** What to bring in sight: a message, so far below the upper edge, or the end. A new object each time it is to move. */
export interface Look { at: Seq | "end"; readonly offset: number }

export const lookFor = (seq: Seq): Look => ({ at: seq, offset: fromEdge });

/**
 * Where one looks in a chat. It opens at the place that this step of the browser's history had, else at the message
 * that the address names, at the first unread, where one was the last time, at the end.
 */
export function useLook(chat: Chat, target: Seq | undefined): [Look | undefined, (l: Look) => void] {
  const core = useCore();
  const [look, lookAt] = useState<Look>();
  const open = useRef(false);

  useLayoutEffect(() => {
    const opened = open.current;
    open.current = true;
    const noted = history.state as Partial<Place> | typeof end | null;
    const toEnd = { at: "end", offset: 0 } as const;
    if (noted && noted !== end && noted.seq) return lookAt({ at: noted.seq, offset: noted.offset ?? fromEdge });
    if (target && noted !== end) return lookAt(lookFor(target));
    if (opened) return lookAt({ ...toEnd });
    if (chat.unread > 0) return lookAt(lookFor(chat.readUpTo + 1));
    if (noted === end) return lookAt({ ...toEnd });
    let gone = false;
    const back = (p?: Place) => gone || lookAt(p ? { at: p.seq, offset: p.offset } : { ...toEnd });
    void (core.storage?.place(chat.id) ?? Promise.resolve(undefined)).then(back, () => back());
    return () => void (gone = true);
  }, [target]);
  return [look, lookAt];
}
