import { useCallback, useEffectEvent, useLayoutEffect, useRef } from "react";
import type { LoadedMessage } from "../core/message.ts";
import type { MessageRange } from "../core/timeline.ts";
import type { ScrollAnchor } from "./useScrollAnchor.ts";
import type { ScrollTarget } from "./useScrollTarget.ts";

interface Options {
  setScrollTarget: (to: ScrollTarget) => void;
  /** The list was scrolled to a target, and to this message unless that was the end; first: by opening the conversation. */
  onArrive: (range: MessageRange, near: LoadedMessage | undefined, first: boolean) => void;
}

/** Scrolls to each new target once what is around it is loaded. Returns whether the first one has been reached. */
export function useFollowTarget(scrollTarget: ScrollTarget | undefined, range: MessageRange | undefined, scroll: ScrollAnchor, { setScrollTarget, onArrive }: Options): () => boolean {
  const reachedRef = useRef<ScrollTarget>(undefined);
  const follow = useEffectEvent((to: ScrollTarget, range: MessageRange | undefined) => {
    if (!range) { // what was in view has been dropped: load it again
      const p = scroll.position();
      if (reachedRef.current === to) setScrollTarget(p && !scroll.follows.current ? { at: p.seq, offset: p.offset } : { at: "end", offset: 0 });
      return;
    }
    if (reachedRef.current === to) return;
    const first = !reachedRef.current;
    reachedRef.current = to;
    const { at } = to;
    const near = at === "end" ? undefined : (range.messages.find((m) => m.seq >= at) ?? range.messages.at(-1));
    if (near) scroll.toRow(near.seq, to.offset);
    else scroll.toEnd();
    onArrive(range, near, first);
  });
  useLayoutEffect(() => {
    if (scrollTarget) follow(scrollTarget, range);
  }, [scrollTarget, range]);
  return useCallback(() => reachedRef.current !== undefined, []);
}
