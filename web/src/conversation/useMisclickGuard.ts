// What moved under the pointer just now takes no press that was aimed at something else.
import { type MouseEvent, type PointerEvent, type RefObject, useCallback, useEffect, useLayoutEffect, useMemo, useRef } from "react";

export const misclickMs = 300; // who presses within them had decided before they could see that something moved

const control = "button, a, [role=button]";
const rowOf = (e: { target: EventTarget }) => (e.target as Element).closest<HTMLElement>("li[data-seq]") ?? undefined;

interface MisclickGuard {
  /** The reader scrolled: that is no move. */
  scrolled(): void;
  /** For the list. */
  handlers: {
    onPointerMoveCapture(e: PointerEvent): void;
    onPointerDownCapture(e: PointerEvent): void;
    onClickCapture(e: MouseEvent): void;
  };
}

/** rows: what is shown; moved is called when it changes its place on the screen, hold while a button of the list is pressed. */
export function useMisclickGuard(box: RefObject<HTMLElement | null>, rows: unknown, moved: () => void, hold: (on: boolean) => void): MisclickGuard {
  const seen = useRef<{ row: HTMLElement; top: number }>(undefined); // under the pointer, or the last one
  const last = useRef({ at: -Infinity, by: 0 });
  const ignored = useRef(false); // the press under way
  const release = useRef<() => void>(undefined); // while a button is pressed

  const look = useCallback((row = seen.current?.row) => {
    const there = row?.isConnected ? row : [...(box.current?.querySelectorAll<HTMLElement>("li[data-seq]") ?? [])].at(-1);
    seen.current = there && { row: there, top: there.getBoundingClientRect().top };
  }, [box]);
  const compare = useCallback(() => {
    const was = seen.current;
    look();
    const by = was && seen.current?.row === was.row ? seen.current.top - was.top : 0;
    if (Math.abs(by) < 2) return;
    const now = performance.now();
    last.current = { at: now, by: now - last.current.at < misclickMs ? last.current.by + by : by };
    moved();
  }, [look, moved]);
  useLayoutEffect(compare, [compare, rows]);
  useEffect(() => {
    const scroller = box.current, list = scroller?.firstElementChild;
    if (!list) return;
    const sizes = new ResizeObserver(compare);
    sizes.observe(list);
    sizes.observe(scroller); // a banner pushes it down
    return () => sizes.disconnect();
  }, [box, compare]);

  /** Whether another control stood at the place of the press before what is there now came to it. */
  const misses = useCallback((e: PointerEvent, pressed: Element) => {
    if (performance.now() - last.current.at >= misclickMs) return false;
    const before = document.elementFromPoint(e.clientX, e.clientY + last.current.by);
    const aimed = box.current?.contains(before) ? before?.closest(control) : undefined;
    return !!aimed && aimed !== pressed && rowOf({ target: aimed }) !== rowOf(e);
  }, [box]);

  return useMemo(() => ({
    scrolled: () => look(),
    handlers: {
      onPointerMoveCapture: (e) => {
        if (e.buttons === 0) release.current?.(); // it was let go outside of the window
        if (rowOf(e) !== seen.current?.row) look(rowOf(e));
      },
      onPointerDownCapture: (e) => {
        const pressed = (e.target as Element).closest(control);
        ignored.current = !!pressed && misses(e, pressed);
        if (ignored.current) return e.stopPropagation();
        if (!pressed || e.pointerType === "touch") return;
        hold(true);
        const end = () => {
          release.current = undefined;
          removeEventListener("pointerup", end);
          removeEventListener("pointercancel", end);
          requestAnimationFrame(() => hold(false)); // behind the click
        };
        release.current = end;
        addEventListener("pointerup", end);
        addEventListener("pointercancel", end);
      },
      onClickCapture: (e) => {
        if (!ignored.current || e.detail === 0) return; // a key's click has no detail
        e.preventDefault();
        e.stopPropagation();
      },
    },
  }), [look, misses, hold]);
}
