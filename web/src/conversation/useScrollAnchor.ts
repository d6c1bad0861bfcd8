// Where the list stands: the row under the eye stays where it is, whatever comes
// above it or grows; at the end the list follows.
import { type RefObject, useCallback, useEffect, useLayoutEffect, useMemo, useRef } from "react";
import type { ScrollPosition } from "../core/storage.ts";
import type { Seq } from "../core/wire.ts";
import { messageIn, messagesIn, seqOf } from "./messageElements.ts";

const slack = 8; // px that still count as the end

export interface ScrollAnchor {
  /** At the end of the chat, and to stay there. */
  readonly follows: RefObject<boolean>;
  /** It was scrolled: to be told first, before anything here is asked. */
  scrolled: () => void;
  toEnd: () => void;
  /** While it is held, as a press is under way, the list does not follow its end. */
  hold: (on: boolean) => void;
  /** Puts a row so far below the upper edge, or as near to that as it goes. */
  toRow: (seq: Seq, offset: number) => void;
  /** The row at the upper edge, and how far its top lies below that. */
  position: () => ScrollPosition | undefined;
  /** The last message that is in sight as a whole, or fills it. */
  lastVisible: () => Seq;
  /** px to the end of what is loaded. */
  distanceToEnd: () => number;
}

/** rows: what is shown; the list is put right before it is painted. end: the last of them is the chat's. */
export function useScrollAnchor(scrollerRef: RefObject<HTMLDivElement | null>, rows: unknown, end: boolean): ScrollAnchor {
  const follows = useRef(false);
  const anchorRef = useRef<ScrollPosition>(undefined);
  const knownRef = useRef(0); // scrollTop when that was noted
  const endsRef = useRef(end);
  const heldRef = useRef(false);

  const note = useCallback(() => {
    const box = scrollerRef.current;
    if (!box) return;
    const all = messagesIn(box);
    if (!all.length) return; // while they load, the place is that of before
    // Where nobody scrolled the place is what it was, though the browser ended a scroll where what is loaded ends.
    if (box.scrollTop === knownRef.current && !follows.current && !endsRef.current && anchorRef.current && messageIn(box, anchorRef.current.seq)) return;
    const edge = box.getBoundingClientRect().top;
    const row = all[firstBelow(all, edge)] ?? all[all.length - 1]!;
    follows.current = endsRef.current && leftIn(box) <= slack;
    anchorRef.current = { seq: seqOf(row), offset: row.getBoundingClientRect().top - edge };
    knownRef.current = box.scrollTop;
  }, [scrollerRef]);

  const settle = useCallback(() => {
    const box = scrollerRef.current;
    if (!box) return;
    // What moved without an event yet is the person's doing, unless the content became too short.
    const scrolled = leftIn(box) > 1 ? box.scrollTop - knownRef.current : 0;
    if (follows.current && scrolled < -slack) return note();
    const a = anchorRef.current;
    const row = a && messageIn(box, a.seq);
    if (follows.current) {
      if (heldRef.current) return;
      box.scrollTop = box.scrollHeight;
    } else if (row) {
      const moved = row.getBoundingClientRect().top - box.getBoundingClientRect().top - a.offset + scrolled;
      if (Math.abs(moved) >= 0.5) box.scrollTop += moved;
      if (scrolled) return note();
    }
    knownRef.current = box.scrollTop;
  }, [scrollerRef, note]);

  useLayoutEffect(() => {
    endsRef.current = end;
    settle();
  }, [settle, rows, end]);
  useEffect(() => {
    const box = scrollerRef.current;
    if (!box) return;
    const sizes = new ResizeObserver(settle); // late heights, and the phone's keyboard
    sizes.observe(box);
    if (box.firstElementChild) sizes.observe(box.firstElementChild);
    return () => sizes.disconnect();
  }, [scrollerRef, settle]);

  return useMemo(() => ({
    follows,
    scrolled: note,
    toEnd() {
      const box = scrollerRef.current;
      if (!box) return;
      follows.current = true;
      box.scrollTop = knownRef.current = box.scrollHeight;
      note();
    },
    hold(on) {
      heldRef.current = on;
      if (!on) settle();
    },
    toRow(seq, offset) {
      const box = scrollerRef.current;
      const row = box && messageIn(box, seq);
      if (!row) return;
      follows.current = false;
      box.scrollTop += row.getBoundingClientRect().top - box.getBoundingClientRect().top - offset;
      note();
      if (!follows.current) anchorRef.current = { seq, offset }; // where too little is loaded below, it gets there with the next page
    },
    position: () => anchorRef.current,
    lastVisible() {
      const box = scrollerRef.current;
      if (!box) return 0;
      const { top, bottom } = box.getBoundingClientRect();
      const all = messagesIn(box);
      const i = firstBelow(all, bottom + 1);
      const whole = all[i - 1], cut = all[i]; // the last that ends in sight, and the one after
      if (cut && cut.getBoundingClientRect().top <= top) return seqOf(cut);
      return whole && whole.getBoundingClientRect().bottom > top ? seqOf(whole) : 0;
    },
    distanceToEnd: () => (scrollerRef.current ? leftIn(scrollerRef.current) : 0),
  }), [scrollerRef, note, settle]);
}

const leftIn = (box: HTMLElement) => box.scrollHeight - box.clientHeight - box.scrollTop;

/** The index of the first that ends below the edge. */
function firstBelow(rows: NodeListOf<HTMLElement>, edge: number): number {
  let from = 0, to = rows.length; // rows stand in order: half the rest each time
  while (from < to) {
    const at = (from + to) >> 1;
    if (rows[at]!.getBoundingClientRect().bottom <= edge) from = at + 1;
    else to = at;
  }
  return from;
}
