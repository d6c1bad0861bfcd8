// What moved under the pointer just now takes no press that was aimed at something else.
import { type MouseEvent, type PointerEvent, type RefObject, useCallback, useEffect, useLayoutEffect, useMemo, useRef } from "react";
import { messageOfEvent, messagesIn } from "./messageElements.ts";

export const misclickMs = 300; // who presses within them had decided before they could see that something moved

const control = "button, a, [role=button]";

interface MisclickGuard {
  /** The reader scrolled: that is no move. */
  scrolled: () => void;
  /** For the list. */
  handlers: {
    onPointerMoveCapture: (e: PointerEvent) => void;
    onPointerDownCapture: (e: PointerEvent) => void;
    onClickCapture: (e: MouseEvent) => void;
  };
}

/** rows: what is shown; moved is called when it changes its place on the screen, hold while a button of the list is pressed. */
export function useMisclickGuard(scrollerRef: RefObject<HTMLElement | null>, rows: unknown, moved: () => void, hold: (on: boolean) => void): MisclickGuard {
  const seenRef = useRef<{ row: HTMLElement; top: number }>(undefined); // under the pointer, or the last one
  const lastRef = useRef({ at: -Infinity, by: 0 });
  const ignoredRef = useRef(false); // the press under way
  const releaseRef = useRef<() => void>(undefined); // while a button is pressed

  const look = useCallback((row = seenRef.current?.row) => {
    const there = row?.isConnected ? row : (scrollerRef.current ? [...messagesIn(scrollerRef.current)].at(-1) : undefined);
    seenRef.current = there && { row: there, top: there.getBoundingClientRect().top };
  }, [scrollerRef]);
  const compare = useCallback(() => {
    const was = seenRef.current;
    look();
    const by = was && seenRef.current?.row === was.row ? seenRef.current.top - was.top : 0;
    if (Math.abs(by) < 2) return;
    const now = performance.now();
    lastRef.current = { at: now, by: now - lastRef.current.at < misclickMs ? lastRef.current.by + by : by };
    moved();
  }, [look, moved]);
  useLayoutEffect(compare, [compare, rows]);
  useEffect(() => {
    const scroller = scrollerRef.current, list = scroller?.firstElementChild;
    if (!list) return;
    const sizes = new ResizeObserver(compare);
    sizes.observe(list);
    sizes.observe(scroller); // a banner pushes it down
    return () => sizes.disconnect();
  }, [scrollerRef, compare]);

  /** Whether another control stood at the place of the press before what is there now came to it. */
  const misses = useCallback((e: PointerEvent, pressed: Element) => {
    if (performance.now() - lastRef.current.at >= misclickMs) return false;
    const before = document.elementFromPoint(e.clientX, e.clientY + lastRef.current.by);
    const aimed = scrollerRef.current?.contains(before) ? before?.closest(control) : undefined;
    return !!aimed && aimed !== pressed && messageOfEvent({ target: aimed }) !== messageOfEvent(e);
  }, [scrollerRef]);

  return useMemo(() => ({
    scrolled: () => look(),
    handlers: {
      onPointerMoveCapture: (e) => {
        if (e.buttons === 0) releaseRef.current?.(); // it was let go outside of the window
        if (messageOfEvent(e) !== seenRef.current?.row) look(messageOfEvent(e));
      },
      onPointerDownCapture: (e) => {
        const pressed = (e.target as Element).closest(control);
        ignoredRef.current = !!pressed && misses(e, pressed);
        if (ignoredRef.current) return e.stopPropagation();
        if (!pressed || e.pointerType === "touch") return;
        hold(true);
        const end = () => {
          releaseRef.current = undefined;
          removeEventListener("pointerup", end);
          removeEventListener("pointercancel", end);
          requestAnimationFrame(() => hold(false)); // behind the click
        };
        releaseRef.current = end;
        addEventListener("pointerup", end);
        addEventListener("pointercancel", end);
      },
      onClickCapture: (e) => {
        if (!ignoredRef.current || e.detail === 0) return; // a key's click has no detail
        e.preventDefault();
        e.stopPropagation();
      },
    },
  }), [look, misses, hold]);
}
