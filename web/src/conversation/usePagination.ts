import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { useCore, useSnapshot } from "../app/useCore.ts";
import type { Chat } from "../core/chatModel.ts";
import { atEnd, rangeOf } from "../core/selectors.ts";
import type { MessageRange } from "../core/timeline.ts";
import type { Seq, HistoryWindow } from "../core/wire.ts";
import type { ScrollTarget } from "./useScrollTarget.ts";

const firstPage = 50;
const nextPage = 25; // loaded during a scroll: rendering it must not take long
const mostRows = 300; // held, and so mounted; of more, those far from the view are dropped
const keptRows = 120; // on either side of the view
const mostFollowed = 110; // the same at the end of the chat: each mounted row adds work to every new message, and dropping many at once makes a frame late
const keptFollowed = 100;

export interface Pagination {
  /** What is shown; undefined while it is loading. */
  range: MessageRange | undefined;
  /** Loads again the page that failed to load; undefined if none did. */
  failed: (() => void) | undefined;
  /** Loads the next page in one direction. */
  loadMore: (w: HistoryWindow) => void;
  /** Drops messages far from this one, the one in view; follows: the view stays at the end of the chat. */
  trimAround: (at: Seq | undefined, follows: boolean) => void;
}

/** What is kept of the timeline. at: from now on the range around this message is shown, for the target's own may be dropped. */
interface Trim { readonly target: ScrollTarget; readonly at: Seq; readonly from: Seq; readonly to: Seq }

/** Loads the pages of one chat around the scroll target. */
export function usePagination(chat: Chat, scrollTarget: ScrollTarget | undefined): Pagination {
  const core = useCore();
  const live = useSnapshot((s) => s.connection.state === "live");
  const [failed, setFailed] = useState<HistoryWindow>();
  const [trim, setTrim] = useState<Trim>();
  const loadingRef = useRef(new Set<string>());
  const [wasLive, setWasLive] = useState(live);
  if (live !== wasLive) {
    setWasLive(live);
    if (live) setFailed(undefined); // what failed on the connection before is loaded again
  }

  const load = useCallback((w: HistoryWindow) => {
    const key = JSON.stringify(w);
    if (!live || loadingRef.current.has(key)) return;
    loadingRef.current.add(key);
    setFailed(undefined);
    core.load(chat.id, w).catch(() => setFailed(w)).finally(() => loadingRef.current.delete(key));
  }, [core, chat.id, live]);

  const at = !scrollTarget ? undefined : trim?.target === scrollTarget ? trim.at : scrollTarget.at;
  const range = at === undefined ? undefined : rangeOf(chat, at === "end" ? chat.seen : Math.min(at, chat.seen));
  useEffect(() => {
    if (at !== undefined && !range) load({ limit: firstPage, ...(at !== "end" && { around: at }) });
  }, [at, range, load]);

  const trimAround = useCallback((at: Seq | undefined, follows: boolean) => {
    const [most, kept] = follows ? [mostFollowed, keptFollowed] : [mostRows, keptRows];
    const held = chat.timeline?.reduce((n, s) => n + s.messages.length, 0) ?? 0;
    const i = range?.messages.findIndex((m) => m.seq === at) ?? -1;
    if (at === undefined || !scrollTarget || !range || held <= most || i < 0) return;
    const last = atEnd(chat, range) ? Infinity : range.to; // newer messages may have come than are rendered
    setTrim({ target: scrollTarget, at, from: range.messages[i - kept]?.seq ?? range.from, to: range.messages[i + kept]?.seq ?? last });
  }, [chat, scrollTarget, range]);
  useEffect(() => {
    if (trim) core.trim(chat.id, trim.from, trim.to);
  }, [core, chat.id, trim]);

  const loadMore = useCallback((w: HistoryWindow) => load({ limit: nextPage, ...w }), [load]);
  const retry = useMemo(() => failed && (() => load(failed)), [failed, load]);
  return { range, failed: retry, loadMore, trimAround };
}
