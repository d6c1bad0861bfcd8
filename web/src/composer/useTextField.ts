import { type RefObject, useCallback, useEffect, useLayoutEffect, useRef, useState } from "react";
import type { ChatId } from "../core/wire.ts";
import { isCoarse } from "../ui/coarse.ts";
import { insertText } from "./insertText.ts";

/** Focuses the composer of a chat, except on a phone: that would open the keyboard. Reports false if the chat is not open. */
export function focusComposer(chatId: ChatId): boolean {
  if (isCoarse()) return true;
  const field = document.querySelector<HTMLElement>(`[data-composer="${chatId}"]`);
  field?.focus();
  return !!field;
}

interface TextFieldState {
  readonly fieldRef: RefObject<HTMLTextAreaElement | null>;
  readonly caret: number;
  /** Whether text is selected. */
  readonly selecting: boolean;
  readonly setCaret: (to: number) => void;
  /** Replaces a range of the text as typing does, so that Undo takes it back, and puts the caret there. */
  readonly insert: (from: number, to: number, text: string, caret?: number) => void;
  /** Focuses the field and, once the next text is rendered, puts the caret there. */
  readonly focusAt: (caret: number) => void;
}

/** The caret of a field in which a message is written. */
export function useTextField(): TextFieldState {
  const [caret, setCaret] = useState(0);
  const [selecting, setSelecting] = useState(false);
  const fieldRef = useRef<HTMLTextAreaElement>(null);
  const wantedRef = useRef<number>(undefined);

  useEffect(() => { // React's onSelect misses what a finger selects
    const look = () => {
      const field = fieldRef.current;
      if (!field || document.activeElement !== field) return;
      setCaret(field.selectionStart);
      setSelecting(field.selectionStart < field.selectionEnd);
    };
    document.addEventListener("selectionchange", look, true);
    return () => document.removeEventListener("selectionchange", look, true);
  }, []);
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
    insertText(fieldRef.current!, from, to, text, caret);
    setCaret(caret);
  }, []);
  return { fieldRef, caret, selecting, setCaret, insert, focusAt };
}
