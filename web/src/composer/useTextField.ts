import { type RefObject, useCallback, useEffect, useLayoutEffect, useRef, useState } from "react";
import type { ChatId } from "../core/wire.ts";
import { isCoarse } from "../ui/coarse.ts";

/** Focuses the composer of the open chat, except on a phone: that would open the keyboard. */
export function focusComposer(): void {
  if (!isCoarse()) document.querySelector<HTMLElement>("[data-composer]")?.focus();
}

interface TextFieldState {
  readonly fieldRef: RefObject<HTMLTextAreaElement | null>;
  readonly caret: number;
  readonly setCaret: (to: number) => void;
  /** Replaces a range of the text as typing does, so that Undo takes it back, and puts the caret there. */
  readonly insert: (from: number, to: number, text: string, caret?: number) => void;
  /** Focuses the field and, once the next text is rendered, puts the caret there. */
  readonly focusAt: (caret: number) => void;
}

/** The caret of the composer's field. With a mouse the field has the focus from the start; on a phone that would open the keyboard. */
export function useTextField(chatId: ChatId): TextFieldState {
  const [caret, setCaret] = useState(0);
  const fieldRef = useRef<HTMLTextAreaElement>(null);
  const wantedRef = useRef<number>(undefined);

  useEffect(() => {
    if (!isCoarse()) fieldRef.current?.focus();
  }, [chatId]);
  useLayoutEffect(() => {
    if (wantedRef.current === undefined) return;
    fieldRef.current?.setSelectionRange(wantedRef.current, wantedRef.current);
    wantedRef.current = undefined;
  });
  const focusAt = useCallback((to: number) => {
    wantedRef.current = to;
    setCaret(to);
    fieldRef.current?.focus();
  }, []);
  const insert = useCallback((from: number, to: number, text: string, caret = from + text.length) => {
    const field = fieldRef.current!;
    field.focus();
    field.setSelectionRange(from, to);
    // Deprecated, but nothing else writes into a field so that Undo knows it.
    if (!document.execCommand("insertText", false, text)) {
      field.setRangeText(text, from, to, "end");
      field.dispatchEvent(new InputEvent("input", { bubbles: true }));
    }
    field.setSelectionRange(caret, caret);
    setCaret(caret);
  }, []);
  return { fieldRef, caret, setCaret, insert, focusAt };
}
