import { useCallback, useEffect, useState } from "react";
import { useCore } from "../app/useCore.ts";
import type { Chat } from "../core/chatModel.ts";
import { readTo } from "../core/counts.ts";
import type { ScrollPosition } from "../core/storage.ts";
import type { Seq } from "../core/wire.ts";
import { end } from "./useSavedPosition.ts";

const fromEdge = 160; // px below the upper edge

/** What to scroll to: a message, so many px below the upper edge, or the end. Each new object is a new scroll. */
export interface ScrollTarget { readonly at: Seq | "end"; readonly offset: number }

export const messageTarget = (seq: Seq): ScrollTarget => ({ at: seq, offset: fromEdge });
const endTarget = (): ScrollTarget => ({ at: "end", offset: 0 });

/**
 * Where the list is to be scrolled. A conversation opens at the position that this entry of the browser's history has,
 * else at the message that the address names, at the first unread one, at the position of the last visit, at the end.
 */
export function useScrollTarget(chat: Chat, target: Seq | undefined): [ScrollTarget | undefined, (to: ScrollTarget) => void] {
  const core = useCore();
  const [state, setState] = useState(() => ({ target, scrollTarget: fromAddress(target) ?? firstTarget(chat) }));
  if (state.target !== target) setState({ target, scrollTarget: fromAddress(target) ?? endTarget() });

  const setScrollTarget = useCallback((scrollTarget: ScrollTarget) => setState((s) => ({ ...s, scrollTarget })), []);
  const unknown = !state.scrollTarget;
  useEffect(() => {
    if (!unknown) return;
    let gone = false;
    const go = (p?: ScrollPosition) => gone || setScrollTarget(p ? { at: p.seq, offset: p.offset } : endTarget());
    void (core.storage?.scrollPosition(chat.id) ?? Promise.resolve(undefined)).then(go, () => go());
    return () => void (gone = true);
  }, [core, chat.id, unknown, setScrollTarget]);
  return [state.scrollTarget, setScrollTarget];
}

/** What the browser's history or the address names. */
function fromAddress(target: Seq | undefined): ScrollTarget | undefined {
  const saved = history.state as Partial<ScrollPosition> | typeof end | null;
  if (saved && saved !== end && saved.seq) return { at: saved.seq, offset: saved.offset ?? fromEdge };
  return target && saved !== end ? messageTarget(target) : undefined;
}

/** Where a conversation opens that the address names without a message; undefined: where the last visit ended. */
function firstTarget(chat: Chat): ScrollTarget | undefined {
  if (chat.unread > 0) return messageTarget(readTo(chat) + 1);
  return history.state === end ? endTarget() : undefined;
}
