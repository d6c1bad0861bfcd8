import { useCallback, useEffect, useRef, useState } from "react";
import { useCore, useSnapshot } from "../app/useCore.ts";
import type { Chat } from "../core/chat.ts";
import { stretchOf } from "../core/select.ts";
import type { Place } from "../core/storage.ts";
import type { Stretch } from "../core/timeline.ts";
import type { Seq, Window } from "../core/wire.ts";

const pageSize = 50;
const mostRows = 300; // that the page shows; of more, those far from the eye are forgotten
const keptRows = 120; // on either side of it

interface Pages {
  /** What is shown; undefined while it loads. */
  stretch: Stretch | undefined;
  /** Where one was reading here before. */
  place: Place | undefined;
  /** A page did not load: tries again. */
  failed: (() => void) | undefined;
  load(w: Window): void;
  lookAt(where: Seq | "end"): void;
  /** The message at the upper edge; forgets what is far from it. */
  keep(at: Seq | undefined, following: boolean): void;
}

/** The pages of one chat around where one looks: at first, where one was before or at the end. */
export function usePages(chat: Chat, first: Seq | undefined): Pages {
  const core = useCore();
  const live = useSnapshot((s) => s.line.state === "live");
  const [where, lookAt] = useState<Seq | "end" | undefined>(first);
  const [place, setPlace] = useState<Place>();
  const [failed, setFailed] = useState<Window>();
  const loading = useRef(new Set<string>());

  useEffect(() => {
    if (first !== undefined) return lookAt(first);
    let gone = false;
    const at = (p: Place | undefined) => {
      if (gone) return;
      setPlace(p);
      lookAt(p ? p.seq : "end");
    };
    (core.storage?.place(chat.id) ?? Promise.resolve(undefined)).then(at, () => at(undefined));
    return () => void (gone = true);
  }, [core, chat.id, first]);

  const load = useCallback((w: Window) => {
    const key = JSON.stringify(w);
    if (loading.current.has(key)) return;
    loading.current.add(key);
    setFailed(undefined);
    core.load(chat.id, { limit: pageSize, ...w }).catch(() => setFailed(w)).finally(() => loading.current.delete(key));
  }, [core, chat.id]);

  const stretch = where === undefined ? undefined : stretchOf(chat, where === "end" ? undefined : where);
  useEffect(() => {
    if (live && where !== undefined && !stretch) load(where === "end" ? {} : { around: where });
  }, [live, where, stretch, load]);

  const keep = useCallback((at: Seq | undefined, following: boolean) => {
    if (!stretch || stretch.messages.length <= mostRows || loading.current.size) return;
    const i = following ? stretch.messages.length : stretch.messages.findIndex((m) => m.seq === at);
    if (i < 0) return;
    const from = stretch.messages[Math.max(0, i - keptRows)]!.seq;
    const to = stretch.messages[i + keptRows]?.seq ?? stretch.to;
    lookAt(following ? "end" : at!);
    core.trim(chat.id, i - keptRows <= 0 ? stretch.from : from, to);
  }, [core, chat.id, stretch]);

  return { stretch, place, failed: failed && (() => load(failed)), load, lookAt, keep };
}
