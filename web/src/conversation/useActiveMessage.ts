import { type FocusEvent, type PointerEvent, useCallback, useEffect, useMemo, useRef, useState } from "react";
import type { Seq } from "../core/wire.ts";
import { type LongPressHandlers, useLongPress } from "../ui/useLongPress.ts";
import { seqOfEvent } from "./messageElements.ts";

export interface ActiveMessage { readonly seq: Seq; readonly menu: boolean }

interface ActiveMessageState {
  /** The message whose toolbar is shown; menu: with its menu open. */
  readonly active: ActiveMessage | undefined;
  readonly activate: (seq: Seq | undefined, held?: boolean) => void;
  /** The mouse entered a message. */
  readonly hover: (seq: Seq) => void;
  /** The list moved: a message that is hovered gets its toolbar only after this time without a further move. */
  readonly moved: (ms: number) => void;
  readonly handlers: LongPressHandlers & {
    readonly onPointerMove: (e: PointerEvent) => void;
    readonly onPointerLeave: () => void;
    readonly onFocus: (e: FocusEvent) => void;
  };
}

/** Which message shows its toolbar: the one that is hovered, has the focus, or was pressed long. */
export function useActiveMessage(): ActiveMessageState {
  const [active, setActive] = useState<ActiveMessage>();
  const hoveredRef = useRef<Seq>(undefined);
  const movingRef = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => () => clearTimeout(movingRef.current), []);

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
  const held = useCallback((seq: Seq) => activate(seq, true), [activate]);
  const press = useLongPress(heldSeq, held);
  const handlers = useMemo(() => ({
    ...press,
    onPointerMove: (e: PointerEvent) => {
      // While the list moves, another message under the pointer takes the toolbar away and gets none yet.
      if (movingRef.current !== undefined && e.pointerType === "mouse") setActive((a) => (a && !a.menu && a.seq !== seqOfEvent(e) ? undefined : a));
    },
    onPointerLeave: () => {
      hoveredRef.current = undefined;
      setActive((a) => (a?.menu ? a : undefined));
    },
    onFocus: (e: FocusEvent) => {
      const seq = seqOfEvent(e);
      if (seq) setActive((a) => (a?.seq === seq ? a : { seq, menu: false }));
    },
  }), [press]);
  return { active, activate, hover, moved, handlers };
}

const heldSeq = (e: PointerEvent) => seqOfEvent(e) || undefined;
