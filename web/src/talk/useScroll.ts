// Where the list stands: the row under the eye stays where it is, whatever comes
// above it or grows; at the end the list follows.
import { type RefObject, useCallback, useEffect, useLayoutEffect, useRef } from "react";
import type { Seq } from "../core/wire.ts";

const slack = 8; // px that still count as the end

export interface Scroll {
  /** At the end, and to stay there. */
  readonly follows: RefObject<boolean>;
  toEnd(): void;
  /** Puts a row below the upper edge; false if it is not there. */
  toRow(selector: string, offset?: number): boolean;
  /** The row at the upper edge, and how far its top lies above that. */
  place(): { seq: Seq; offset: number } | undefined;
  /** The last message that is in sight as a whole, or fills it. */
  lastInSight(): Seq;
}

/** rows: what is shown; the list is put right before it is painted. */
export function useScroll(scroller: RefObject<HTMLDivElement | null>, rows: unknown): Scroll {
  const follows = useRef(false);
  const anchor = useRef<{ seq: Seq; top: number }>(undefined);

  const messages = useCallback(() => [...(scroller.current?.querySelectorAll<HTMLElement>("li[data-seq]") ?? [])], [scroller]);
  const note = useCallback(() => {
    const box = scroller.current;
    if (!box) return;
    const edge = box.getBoundingClientRect().top;
    follows.current = box.scrollHeight - box.clientHeight - box.scrollTop <= slack;
    const row = firstBelow(messages(), edge);
    anchor.current = row && { seq: Number(row.dataset["seq"]), top: row.getBoundingClientRect().top - edge };
  }, [scroller, messages]);

  const settle = useCallback(() => {
    const box = scroller.current;
    if (!box) return;
    if (follows.current) {
      box.scrollTop = box.scrollHeight;
      return;
    }
    const a = anchor.current;
    const row = a && box.querySelector<HTMLElement>(`li[data-seq="${a.seq}"]`);
    if (!row) return;
    const moved = row.getBoundingClientRect().top - box.getBoundingClientRect().top - a.top;
    if (Math.abs(moved) >= 0.5) box.scrollTop += moved;
  }, [scroller]);

  useLayoutEffect(settle, [settle, rows]);
  useEffect(() => {
    const box = scroller.current;
    if (!box) return;
    const sizes = new ResizeObserver(settle); // late heights, and the phone's keyboard
    sizes.observe(box);
    if (box.firstElementChild) sizes.observe(box.firstElementChild);
    box.addEventListener("scroll", note, { passive: true });
    return () => {
      sizes.disconnect();
      box.removeEventListener("scroll", note);
    };
  }, [scroller, settle, note]);

  return {
    follows,
    toEnd() {
      follows.current = true;
      settle();
      note();
    },
    toRow(selector, offset = 64) {
      const box = scroller.current;
      const row = box?.querySelector<HTMLElement>(selector);
      if (!box || !row) return false;
      follows.current = false;
      box.scrollTop += row.getBoundingClientRect().top - box.getBoundingClientRect().top - offset;
      note();
      return true;
    },
    place() {
      const a = anchor.current;
      return a && { seq: a.seq, offset: a.top };
    },
    lastInSight() {
      const box = scroller.current?.getBoundingClientRect();
      if (!box) return 0;
      const last = messages().findLast((r) => {
        const at = r.getBoundingClientRect();
        return at.bottom <= box.bottom + 1 ? at.bottom > box.top : at.top <= box.top && at.bottom >= box.bottom;
      });
      return Number(last?.dataset["seq"] ?? 0);
    },
  };
}

function firstBelow(rows: readonly HTMLElement[], edge: number): HTMLElement | undefined {
  let from = 0, to = rows.length; // rows stand in order: half the rest each time
  while (from < to) {
    const at = (from + to) >> 1;
    if (rows[at]!.getBoundingClientRect().bottom <= edge) from = at + 1;
    else to = at;
  }
  return rows[from];
}
