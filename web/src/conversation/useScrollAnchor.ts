// Scroll anchoring: the row at the upper edge stays in place when rows are added above it or grow;
// at the end of the chat the list follows new messages.
import { type RefObject, useCallback, useEffect, useLayoutEffect, useMemo, useRef } from "react";
import type { ScrollPosition } from "../core/storage.ts";
import type { Seq } from "../core/wire.ts";
import { messageIn, messagesIn, seqOf } from "./messageElements.ts";

const slack = 8; // px that still count as the end

export interface ScrollAnchor {
  /** Whether the list is at the end of the chat and follows it. */
  readonly follows: RefObject<boolean>;
  /** Records a scroll. To be called first in the scroll handler. */
  scrolled: () => void;
  toEnd: () => void;
  /** While held, as during a press, the list does not follow the end. */
  hold: (on: boolean) => void;
  /** Scrolls a row to `offset` px below the upper edge, or as near as possible. */
  toRow: (seq: Seq, offset: number) => void;
  /** Returns the row at the upper edge, and the px between its top and the edge. */
  position: () => ScrollPosition | undefined;
  /** Returns the last message that is completely in view, or fills it. */
  lastVisible: () => Seq;
  /** Returns the px to the end of what is loaded. */
  distanceToEnd: () => number;
}

/** The geometry when the anchor was set; at the end of the chat, of the end. */
interface Known {
  readonly top: number; // scrollTop
  readonly height: number; // of the scroller
  readonly last: Element | undefined; // the last row, at the end of the chat
  readonly bottom: number; // its bottom, from the top of the content
}

/** rows: what is rendered; the scroll position is corrected before the paint. end: the last row is the chat's last. */
export function useScrollAnchor(scrollerRef: RefObject<HTMLDivElement | null>, rows: unknown, end: boolean): ScrollAnchor {
  const follows = useRef(false);
  const anchorRef = useRef<ScrollPosition>(undefined);
  const knownRef = useRef<Known>({ top: 0, height: 0, last: undefined, bottom: 0 });
  const endsRef = useRef(end);
  const heldRef = useRef(false);

  const setKnown = useCallback((box: HTMLElement) => {
    const left = leftIn(box), last = box.firstElementChild?.lastElementChild ?? undefined;
    if (!follows.current) knownRef.current = { top: box.scrollTop, height: box.clientHeight, last: undefined, bottom: 0 };
    else if (left <= slack) knownRef.current = { top: box.scrollTop + left, height: box.clientHeight, last, bottom: last ? bottomIn(box, last) : 0 }; // not where it is: small scrolls add up
  }, []);
  /**
   * Reports whether the user scrolled up from the end. Content that grew and a scroller that shrank leave scrollTop as it was. A scroller that
   * grew, or content that shrank, may have clamped it: rows may have been added since, so the former last row tells by how much the content shrank.
   */
  const leftEnd = useCallback((box: HTMLElement) => {
    const { top, height, last, bottom } = knownRef.current;
    if (leftIn(box) <= slack || box.scrollTop >= top - slack) return false;
    const shrunk = !last ? 0 : last.isConnected ? bottom - bottomIn(box, last) : Infinity;
    return box.scrollTop + Math.max(0, box.clientHeight - height) + Math.max(0, shrunk) < top - slack;
  }, []);

  const setAnchor = useCallback(() => {
    const box = scrollerRef.current;
    if (!box) return;
    const all = messagesIn(box);
    if (!all.length) return; // while they load, the anchor stays
    // Without a scroll by the user the anchor stays, also if the browser clamped scrollTop at the end of what is loaded.
    if (box.scrollTop === knownRef.current.top && !follows.current && !endsRef.current && anchorRef.current && messageIn(box, anchorRef.current.seq)) return;
    const edge = box.getBoundingClientRect().top;
    const row = all[firstBelow(all, edge)] ?? all[all.length - 1]!;
    follows.current = endsRef.current && (follows.current ? !leftEnd(box) : leftIn(box) <= slack);
    anchorRef.current = { seq: seqOf(row), offset: row.getBoundingClientRect().top - edge };
    setKnown(box);
  }, [scrollerRef, leftEnd, setKnown]);

  const correct = useCallback(() => {
    const box = scrollerRef.current;
    if (!box) return;
    if (follows.current && leftEnd(box)) return setAnchor();
    // A move without its event yet is the user's, unless the content became too short.
    const scrolled = leftIn(box) > 1 ? box.scrollTop - knownRef.current.top : 0;
    const a = anchorRef.current;
    const row = a && messageIn(box, a.seq);
    if (follows.current) {
      if (!heldRef.current) box.scrollTop = box.scrollHeight;
    } else if (row) {
      const moved = row.getBoundingClientRect().top - box.getBoundingClientRect().top - a.offset + scrolled;
      if (Math.abs(moved) >= 0.5) box.scrollTop += moved;
      if (scrolled) return setAnchor();
    }
    setKnown(box);
  }, [scrollerRef, leftEnd, setAnchor, setKnown]);

  useLayoutEffect(() => {
    const ended = end && !endsRef.current;
    endsRef.current = end;
    correct();
    if (ended) setAnchor(); // it may be at the end already: then no scroll follows
  }, [correct, setAnchor, rows, end]);
  useEffect(() => {
    const box = scrollerRef.current;
    if (!box) return;
    const sizes = new ResizeObserver(correct); // rows that grow late, and a phone's keyboard
    sizes.observe(box);
    if (box.firstElementChild) sizes.observe(box.firstElementChild);
    return () => sizes.disconnect();
  }, [scrollerRef, correct]);

  return useMemo(() => ({
    follows,
    scrolled: setAnchor,
    toEnd() {
      const box = scrollerRef.current;
      if (!box) return;
      follows.current = true;
      box.scrollTop = box.scrollHeight;
      setKnown(box);
      setAnchor();
    },
    hold(on) {
      heldRef.current = on;
      if (!on) correct();
    },
    toRow(seq, offset) {
      const box = scrollerRef.current;
      const row = box && messageIn(box, seq);
      if (!row) return;
      follows.current = false;
      box.scrollTop += row.getBoundingClientRect().top - box.getBoundingClientRect().top - offset;
      setAnchor();
      if (!follows.current) anchorRef.current = { seq, offset }; // if too little is loaded below, the next page completes the scroll
    },
    position: () => anchorRef.current,
    lastVisible() {
      const box = scrollerRef.current;
      if (!box) return 0;
      const { top, bottom } = box.getBoundingClientRect();
      const all = messagesIn(box);
      const i = firstBelow(all, bottom + 1);
      const whole = all[i - 1], cut = all[i]; // the last that ends in view, and the next one
      if (cut && cut.getBoundingClientRect().top <= top) return seqOf(cut);
      return whole && whole.getBoundingClientRect().bottom > top ? seqOf(whole) : 0;
    },
    distanceToEnd: () => (scrollerRef.current ? leftIn(scrollerRef.current) : 0),
  }), [scrollerRef, setAnchor, setKnown, correct]);
}

const bottomIn = (box: HTMLElement, row: Element) => row.getBoundingClientRect().bottom - box.getBoundingClientRect().top + box.scrollTop;
const leftIn = (box: HTMLElement) => box.scrollHeight - box.clientHeight - box.scrollTop;

/** Returns the index of the first row that ends below the edge. */
function firstBelow(rows: NodeListOf<HTMLElement>, edge: number): number {
  let from = 0, to = rows.length; // binary search
  while (from < to) {
    const at = (from + to) >> 1;
    if (rows[at]!.getBoundingClientRect().bottom <= edge) from = at + 1;
    else to = at;
  }
  return from;
}
