import { type RefObject, useCallback, useEffect, useState } from "react";
import { useCore } from "../app/useCore.ts";
import type { Chat } from "../core/chatModel.ts";
import { readTo } from "../core/counts.ts";
import { atEnd } from "../core/selectors.ts";
import type { Seq } from "../core/wire.ts";
import { isAttended } from "./useUnread.ts";
import type { Pagination } from "./usePagination.ts";
import type { ScrollAnchor } from "./useScrollAnchor.ts";

const nearEdge = 1600; // px from an edge at which the next page is requested

/** How far what is in view is from the end of the chat. near: less than half a screen. */
export type Distance = "end" | "near" | "far";

/**
 * Acts on what is in view: marks it read, loads the next page, drops messages that are far away. ready reports whether
 * the list has been scrolled to where it opens. The result does so again, after a scroll.
 */
export function useViewport(chat: Chat, scrollerRef: RefObject<HTMLElement | null>, scroll: ScrollAnchor, pages: Pagination, ready: () => boolean, setDistance: (d: Distance) => void): () => void {
  const core = useCore();
  const { range, failed, loadMore, trimAround } = pages;
  const paused = useReadingPaused(chat.mine.unreadFrom);
  const end = !!range && atEnd(chat, range);

  const update = useCallback(() => {
    const box = scrollerRef.current;
    if (!box || !range || !ready()) return;
    const follows = scroll.follows.current;
    setDistance(follows ? "end" : end && scroll.distanceToEnd() < box.clientHeight / 2 ? "near" : "far");
    if (isAttended() && box.checkVisibility?.({ visibilityProperty: true }) !== false) { // a conversation may cover it
      const seen = follows ? chat.seen : scroll.lastVisible();
      if (!paused && seen > readTo(chat)) core.markRead(chat.id, seen);
    }
    if (!failed && box.scrollTop < nearEdge && range.from > 1) loadMore({ before: range.from });
    if (!failed && !end && scroll.distanceToEnd() < nearEdge) loadMore({ after: range.to });
    trimAround(follows ? range.messages.at(-1)?.seq : scroll.position()?.seq, follows);
  }, [chat, range, end, core, scrollerRef, scroll, failed, loadMore, trimAround, ready, setDistance, paused]);
  useEffect(update, [update]);
  useEffect(() => {
    const look = () => document.visibilityState === "visible" && update(); // a page that is being left would be laid out once more
    addEventListener("focus", look);
    document.addEventListener("visibilitychange", look);
    return () => {
      removeEventListener("focus", look);
      document.removeEventListener("visibilitychange", look);
    };
  }, [update]);
  return update;
}

/** Reports whether messages were marked as unread since the conversation was opened: it then reads nothing by itself. */
function useReadingPaused(unreadFrom: Seq): boolean {
  const [atOpening, setAtOpening] = useState(unreadFrom);
  if (atOpening && !unreadFrom) setAtOpening(0);
  return unreadFrom !== 0 && unreadFrom !== atOpening;
}
