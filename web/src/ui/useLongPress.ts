import { type PointerEvent, useEffect, useMemo, useRef } from "react";

const longPressMs = 450;
const tremblePx = 10; // a finger that moves less still presses

export interface LongPressHandlers { readonly onPointerDown: (e: PointerEvent) => void }

/** Ignores the release of the finger after a long press: it would press what lies below it, or what has opened there. */
function swallowRelease(pressed: EventTarget, pointerId: number): void {
  const types = ["pointerup", "touchend", "click", "contextmenu"]; // the last one is the browser's own long press
  const swallow = (e: Event) => {
    if (e.cancelable) e.preventDefault(); // after touchend there is no click then
    e.stopImmediatePropagation();
    if (e.type === "touchend") end();
  };
  const end = () => requestAnimationFrame(() => {
    for (const type of types) removeEventListener(type, swallow, true);
    removeEventListener("touchcancel", end, true);
  });
  for (const type of types) addEventListener(type, swallow, { capture: true, passive: false });
  addEventListener("touchcancel", end, true);
  pressed.dispatchEvent(new globalThis.PointerEvent("pointercancel", { bubbles: true, pointerId, pointerType: "touch", isPrimary: true })); // a button that is down goes up
}

/**
 * Calls onHeld when a finger has pressed something long without moving; iOS has no contextmenu event for that. targetOf
 * returns what is pressed, undefined for what cannot be held. Both must be stable.
 */
export function useLongPress<T>(targetOf: (e: PointerEvent) => T | undefined, onHeld: (target: T) => void): LongPressHandlers {
  const endRef = useRef(() => {});
  useEffect(() => () => endRef.current(), []);
  return useMemo(() => ({
    onPointerDown: (e) => {
      endRef.current(); // a second finger zooms
      const { target, pointerId, clientX, clientY } = e;
      const held = e.pointerType === "touch" && e.isPrimary ? targetOf(e) : undefined;
      if (held === undefined) return;
      const listening = new AbortController();
      const end = (endRef.current = () => {
        clearTimeout(timer);
        listening.abort();
      });
      const timer = setTimeout(() => {
        end();
        swallowRelease(target, pointerId);
        onHeld(held);
      }, longPressMs);
      const options = { capture: true, signal: listening.signal }; // of the window: a finger that slides off is over something else
      addEventListener("pointermove", (m) => Math.hypot(m.clientX - clientX, m.clientY - clientY) > tremblePx && end(), options);
      for (const type of ["pointerup", "pointercancel"]) addEventListener(type, end, options);
    },
  }), [targetOf, onHeld]);
}
