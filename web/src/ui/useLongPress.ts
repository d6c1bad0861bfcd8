import { type PointerEvent, useCallback, useEffect, useRef } from "react";

const longPressMs = 450;
const tremblePx = 10; // a finger that moves less still presses

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
 * Returns what begins a press: held is called if it is a finger that stays. iOS has no contextmenu event for that. The
 * release of such a finger does nothing.
 */
export function useLongPress(): (e: PointerEvent, held: () => void) => void {
  const endRef = useRef(() => {});
  useEffect(() => () => endRef.current(), []);
  return useCallback(({ target, pointerId, pointerType, isPrimary, clientX, clientY }, held) => {
    endRef.current(); // a second finger zooms
    if (pointerType !== "touch" || !isPrimary) return;
    const listening = new AbortController();
    const end = (endRef.current = () => {
      clearTimeout(timer);
      listening.abort();
    });
    const timer = setTimeout(() => {
      end();
      swallowRelease(target, pointerId);
      held();
    }, longPressMs);
    const options = { capture: true, signal: listening.signal };
    addEventListener("pointermove", (e) => Math.hypot(e.clientX - clientX, e.clientY - clientY) > tremblePx && end(), options);
    for (const type of ["pointerup", "pointercancel"]) addEventListener(type, end, options);
  }, []);
}
