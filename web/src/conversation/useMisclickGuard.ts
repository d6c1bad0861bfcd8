// Ignores presses on controls that moved under the pointer a moment ago.
import { type MouseEvent, type PointerEvent, type RefObject, useCallback, useEffect, useLayoutEffect, useMemo, useRef } from "react";
import { messageOfEvent, messagesIn } from "./messageElements.ts";

export const misclickMs = 300; // a press within this time was aimed before the user could see the move

const control = "button, a, [role=button]";

interface MisclickGuard {
  /** The user scrolled, which is no move. */
  scrolled: () => void;
  /** The event handlers of the scroll container. */
  handlers: {
    onPointerMoveCapture: (e: PointerEvent) => void;
    onPointerDownCapture: (e: PointerEvent) => void;
    onClickCapture: (e: MouseEvent) => void;
  };
}

/** rows: what is rendered. moved is called when a row changes its place on the screen, hold while a control is pressed. */
export function useMisclickGuard(scrollerRef: RefObject<HTMLElement | null>, rows: unknown, moved: () => void, hold: (on: boolean) => void): MisclickGuard {
  const seenRef = useRef<{ row: HTMLElement; top: number }>(undefined); // the row under the pointer, or the last one
  const lastRef = useRef({ at: -Infinity, by: 0 });
  const ignoredRef = useRef(false); // the current press is ignored
  const releaseRef = useRef<() => void>(undefined); // ends the current press

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
    sizes.observe(scroller); // a banner moves it
    return () => sizes.disconnect();
  }, [scrollerRef, compare]);

  /** Reports whether another control was at the place of the press before the move. */
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
        if (e.buttons === 0) releaseRef.current?.(); // the button was released outside of the window
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
          requestAnimationFrame(() => hold(false)); // after the click
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
