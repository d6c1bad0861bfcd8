import { type KeyboardEvent, type RefObject } from "react";
import type { Seq } from "../core/wire.ts";
import { isMessage, messageIn, messagesIn, seqOf } from "./messageElements.ts";

interface Keys {
  lastVisible: () => Seq;
  toEnd: () => void;
  openMenu: (seq: Seq) => void;
  markUnread: (seq: Seq) => void;
}

/** Returns the handler of the list's keys: arrows move among messages, End goes to the newest, Enter opens a message's menu, U marks it as unread. */
export function useMessageKeys(scrollerRef: RefObject<HTMLElement | null>, { lastVisible, toEnd, openMenu, markUnread }: Keys): (e: KeyboardEvent) => void {
  return (e) => {
    const box = scrollerRef.current, on = e.target as HTMLElement;
    if (!box || (on !== box && !isMessage(on))) return;
    if (e.key === "ArrowUp" || e.key === "ArrowDown") {
      const list = [...messagesIn(box)];
      const at = list.indexOf(on);
      if (at < 0) focusMessage(box, lastVisible());
      else list[at + (e.key === "ArrowUp" ? -1 : 1)]?.focus();
    } else if (e.key === "End") toEnd();
    else if ((e.key === "Enter" || e.key === "ContextMenu") && seqOf(on)) openMenu(seqOf(on));
    else if (e.key.toLowerCase() === "u" && !e.ctrlKey && !e.metaKey && !e.altKey && seqOf(on)) markUnread(seqOf(on));
    else return;
    e.preventDefault();
  };
}

/** Focuses a message where it is. */
export const focusMessage = (box: HTMLElement | null, seq: Seq): void => messageIn(box, seq)?.focus({ preventScroll: true });
