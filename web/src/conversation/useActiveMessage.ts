import { type FocusEvent, type PointerEvent, useCallback, useEffect, useMemo, useRef, useState } from "react";
import type { Seq } from "../core/wire.ts";
import { seqOfEvent } from "./messageElements.ts";

const longPressMs = 450;
const tremblePx = 10; // a finger that moves less still presses

export interface ActiveMessage { readonly seq: Seq; readonly menu: boolean }

interface ActiveMessageState {
  /** The message whose toolbar is shown; menu: with its menu open. */
  readonly active: ActiveMessage | undefined;
  readonly activate: (seq: Seq | undefined, held?: boolean) => void;
  /** The mouse entered a message. */
  readonly hover: (seq: Seq) => void;
  /** The list moved: a message that is hovered gets its toolbar only after this time without a further move. */
  readonly moved: (ms: number) => void;
  readonly handlers: {
    readonly onPointerDown: (e: PointerEvent) => void;
    readonly onPointerMove: (e: PointerEvent) => void;
    readonly onPointerUp: () => void;
    readonly onPointerCancel: () => void;
    readonly onPointerLeave: () => void;
    readonly onFocus: (e: FocusEvent) => void;
  };
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

/** Which message shows its toolbar: the one that is hovered, has the focus, or was pressed long. */
export function useActiveMessage(): ActiveMessageState {
  const [active, setActive] = useState<ActiveMessage>();
  const hoveredRef = useRef<Seq>(undefined);
  const movingRef = useRef<ReturnType<typeof setTimeout>>(undefined);
  const pressRef = useRef<ReturnType<typeof setTimeout>>(undefined);
  const pressedAtRef = useRef({ x: 0, y: 0 });
  useEffect(() => () => {
    clearTimeout(movingRef.current);
    clearTimeout(pressRef.current);
  }, []);

  const activate = useCallback((seq: Seq | undefined, held = false) => {
    setActive((a) => (seq === undefined ? undefined : a?.menu && !held ? a : { seq, menu: held }));
  }, []);
  const hover = useCallback((seq: Seq) => {
    hoveredRef.current = seq;
    if (movingRef.current === undefined) activate(seq);
  }, [activate]);
  const moved = useCallback((ms: number) => {
    clearTimeout(movingRef.current);
    movingRef.current = setTimeout(() => {
      movingRef.current = undefined;
      if (hoveredRef.current !== undefined) activate(hoveredRef.current);
    }, ms);
  }, [activate]);
  const handlers = useMemo(() => {
    const endPress = () => clearTimeout(pressRef.current);
    return {
      onPointerDown: (e: PointerEvent) => {
        const seq = seqOfEvent(e);
        endPress(); // a second finger zooms
        pressedAtRef.current = { x: e.clientX, y: e.clientY };
        if (e.pointerType === "touch" && e.isPrimary && seq) pressRef.current = setTimeout(() => {
          swallowRelease();
          activate(seq, true);
        }, longPressMs);
      },
      onPointerMove: (e: PointerEvent) => {
        if (Math.hypot(e.clientX - pressedAtRef.current.x, e.clientY - pressedAtRef.current.y) > tremblePx) endPress();
        // While the list moves, another message under the pointer takes the toolbar away and gets none yet.
        if (movingRef.current !== undefined && e.pointerType === "mouse") setActive((a) => (a && !a.menu && a.seq !== seqOfEvent(e) ? undefined : a));
      },
      onPointerUp: endPress,
      onPointerCancel: endPress,
      onPointerLeave: () => {
        hoveredRef.current = undefined;
        setActive((a) => (a?.menu ? a : undefined));
      },
      onFocus: (e: FocusEvent) => {
        const seq = seqOfEvent(e);
        if (seq) setActive((a) => (a?.seq === seq ? a : { seq, menu: false }));
      },
    };
  }, [activate]);
  return { active, activate, hover, moved, handlers };
}
