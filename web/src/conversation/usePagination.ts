import { useCallback, useEffect, useRef, useState } from "react";
import { useCore, useSnapshot } from "../app/useCore.ts";
import type { Chat } from "../core/chat.ts";
import { atEnd, rangeOf } from "../core/selectors.ts";
import type { MessageRange } from "../core/timeline.ts";
import type { Seq, Window } from "../core/wire.ts";
import type { ScrollTarget } from "./useScrollTarget.ts";

const firstPage = 50;
const nextPage = 25; // one comes while one scrolls: drawing it must not take long
const mostRows = 300; // that are held, and so on the page; of more, those far from the eye are forgotten
const keptRows = 120; // on either side of it
const mostFollowed = 110; // at the end, where most of them only pass by: each costs with all that comes, and many forgotten at once make a frame late
const keptFollowed = 100;

interface Pagination {
  /** What is shown; undefined while it loads. */
  range: MessageRange | undefined;
  /** A page did not load: tries again. */
  failed: (() => void) | undefined;
  /** The next page in one direction. */
  loadMore(w: Window): void;
  /** Forgets what is far from this message, the one under the eye; follows: the eye is on what comes. */
  trimAround(at: Seq | undefined, follows: boolean): void;
}

/** The pages of one chat around where one looks. */
export function usePagination(chat: Chat, look: ScrollTarget | undefined): Pagination {
  const core = useCore();
  const live = useSnapshot((s) => s.connection.state === "live");
  const [failed, setFailed] = useState<Window>();
  const loading = useRef(new Set<string>());

  const load = useCallback((w: Window) => {
    const key = JSON.stringify(w);
    if (!live || loading.current.has(key)) return;
    loading.current.add(key);
    setFailed(undefined);
    core.load(chat.id, w).catch(() => setFailed(w)).finally(() => loading.current.delete(key));
  }, [core, chat.id, live]);

  const at = !look ? undefined : look.at === "end" ? chat.seen : Math.min(look.at, chat.seen);
  const range = at === undefined ? undefined : rangeOf(chat, at);
  useEffect(() => {
    if (look && !range) load({ limit: firstPage, ...(look.at !== "end" && { around: look.at }) });
  }, [look, range, load]);
  useEffect(() => {
    if (live) setFailed(undefined); // what an ended connection failed is asked for anew
  }, [live]);

  const keep = useCallback((at: Seq | undefined, follows: boolean) => {
    const [most, kept] = follows ? [mostFollowed, keptFollowed] : [mostRows, keptRows];
    const held = chat.timeline?.reduce((n, s) => n + s.messages.length, 0) ?? 0;
    const i = range?.messages.findIndex((m) => m.seq === at) ?? -1;
    if (!look || !range || held <= most || i < 0) return;
    look.at = at!; // the change of the timeline renders with it
    const last = atEnd(chat, range) ? Infinity : range.to; // more may have come than is drawn yet
    core.trim(chat.id, range.messages[i - kept]?.seq ?? range.from, range.messages[i + kept]?.seq ?? last);
  }, [core, chat, look, range]);

  const more = useCallback((w: Window) => load({ limit: nextPage, ...w }), [load]);
  return { range, failed: failed && (() => load(failed)), loadMore: more, trimAround: keep };
}
