import { type PointerEvent, useEffect, useMemo, useRef } from "react";

const longPressMs = 450;
const tremblePx = 10; // a finger that moves less still presses

export interface LongPressHandlers {
  readonly onPointerDown: (e: PointerEvent) => void;
  readonly onPointerMove: (e: PointerEvent) => void;
  readonly onPointerUp: () => void;
  readonly onPointerCancel: () => void;
}

/** Ignores the release of the finger after a long press: it would press what has opened below it. */
function swallowRelease(): void {
  const types = ["pointerup", "touchend", "click", "contextmenu"]; // the last one is the browser's own long press
  const swallow = (e: Event) => {
    e.preventDefault(); // after touchend there is no click then
    e.stopImmediatePropagation();
    if (e.type === "touchend") end();
  };
  const end = () => requestAnimationFrame(() => {
    for (const type of types) removeEventListener(type, swallow, true);
    removeEventListener("touchcancel", end, true);
  });
  for (const type of types) addEventListener(type, swallow, { capture: true, passive: false });
  addEventListener("touchcancel", end, true);
}

/**
 * Calls onHeld when a finger has pressed something long without moving. targetOf returns what is pressed, undefined for
 * what cannot be held. Both must be stable.
 */
export function useLongPress<T>(targetOf: (e: PointerEvent) => T | undefined, onHeld: (target: T) => void): LongPressHandlers {
  const timerRef = useRef<ReturnType<typeof setTimeout>>(undefined);
  const startRef = useRef({ x: 0, y: 0 });
  useEffect(() => () => clearTimeout(timerRef.current), []);
  return useMemo(() => {
    const end = () => clearTimeout(timerRef.current);
    return {
      onPointerDown: (e) => {
        end(); // a second finger zooms
        startRef.current = { x: e.clientX, y: e.clientY };
        const target = e.pointerType === "touch" && e.isPrimary ? targetOf(e) : undefined;
        if (target !== undefined) timerRef.current = setTimeout(() => {
          swallowRelease();
          onHeld(target);
        }, longPressMs);
      },
      onPointerMove: (e) => {
        if (Math.hypot(e.clientX - startRef.current.x, e.clientY - startRef.current.y) > tremblePx) end();
      },
      onPointerUp: end,
      onPointerCancel: end,
    };
  }, [targetOf, onHeld]);
}
