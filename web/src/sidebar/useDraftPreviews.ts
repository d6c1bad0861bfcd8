import { useEffect, useState } from "react";
import { useRoute } from "../app/route.ts";
import { useCore } from "../app/useCore.ts";
import { cut } from "../core/text.ts";
import type { ChatId } from "../core/wire.ts";

/** Returns the beginnings of the stored drafts. They are read on each navigation and when another page saves one. */
export function useDraftPreviews(): ReadonlyMap<ChatId, string> {
  const core = useCore();
  const route = useRoute();
  const [drafts, setDrafts] = useState<ReadonlyMap<ChatId, string>>(new Map());
  useEffect(() => {
    let gone = false;
    const read = () => core.storage?.drafts().then(
      (all) => gone || setDrafts(new Map([...all].map(([id, d]) => [id, cut(d.text.replace(/\s+/g, " "), 120)]))),
      () => {},
    );
    void read();
    const unwatch = core.storage?.watchDrafts(() => void read());
    return () => {
      gone = true;
      unwatch?.();
    };
  }, [core, route]);
  return drafts;
}
