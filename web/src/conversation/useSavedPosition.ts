// Saves the scroll position: in the browser's history entry, for Back and reload, and in Storage for
// the next visit. The end of the chat is saved as such, because it moves.
import { type RefObject, useCallback, useEffect, useRef } from "react";
import { routeOf } from "../app/route.ts";
import { useCore } from "../app/useCore.ts";
import type { ChatId } from "../core/wire.ts";
import type { ScrollAnchor } from "./useScrollAnchor.ts";

/** The history state for the end of the chat. */
export const end = "end";
const saveAfterMs = 300; // after the last scroll, before the position is saved

/** Returns the function that saves it at once, as before the address changes. */
export function useSavedPosition(chatId: ChatId, scrollerRef: RefObject<HTMLElement | null>, scroll: ScrollAnchor): () => void {
  const core = useCore();
  const timerRef = useRef<ReturnType<typeof setTimeout>>(undefined);

  const store = useCallback(() => {
    const follows = scroll.follows.current;
    if (follows || scroll.position()) core.storage?.saveScrollPosition(chatId, follows ? undefined : scroll.position()).catch(() => {});
  }, [core, chatId, scroll]);
  const save = useCallback(() => {
    clearTimeout(timerRef.current);
    const route = routeOf(location.pathname);
    if (route.at !== "chat" || route.chatId !== chatId) return;
    const now = scroll.follows.current ? end : (scroll.position() ?? null);
    if (JSON.stringify(history.state) !== JSON.stringify(now)) history.replaceState(now, "");
    store();
  }, [chatId, scroll, store]);

  useEffect(() => {
    const box = scrollerRef.current;
    const saveLater = () => {
      clearTimeout(timerRef.current);
      timerRef.current = setTimeout(save, saveAfterMs);
    };
    box?.addEventListener("scroll", saveLater, { passive: true });
    addEventListener("pagehide", save);
    return () => {
      clearTimeout(timerRef.current);
      box?.removeEventListener("scroll", saveLater);
      removeEventListener("pagehide", save);
      store(); // not in the history: the address has changed already
    };
  }, [scrollerRef, save, store]);
  return save;
}
