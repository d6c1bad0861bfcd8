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
  const [caret, showCaret] = useState(0);
  const [selecting, setSelecting] = useState(false);
  const latestRef = useRef({ caret, selecting }); // the newest of both, rendered or not
  const fieldRef = useRef<HTMLTextAreaElement>(null);
  const wantedRef = useRef<number>(undefined);

  const setCaret = useCallback((to: number) => {
    latestRef.current.caret = to;
    showCaret(to);
  }, []);
  useEffect(() => { // React's onSelect misses what a finger selects
    const look = () => {
      const field = fieldRef.current;
      if (!field || document.activeElement !== field) return;
      const { selectionStart, selectionEnd } = field, latest = latestRef.current, selecting = selectionStart < selectionEnd;
      // After a keystroke both are known: React would render the composer again for a state that is set to what it is.
      if (selectionStart !== latest.caret) setCaret(selectionStart);
      if (selecting === latest.selecting) return;
      latest.selecting = selecting;
      setSelecting(selecting);
    };
    document.addEventListener("selectionchange", look, true);
    return () => document.removeEventListener("selectionchange", look, true);
  }, [setCaret]);
  useLayoutEffect(() => {
    if (wantedRef.current === undefined) return;
    fieldRef.current?.setSelectionRange(wantedRef.current, wantedRef.current);
    wantedRef.current = undefined;
  });
  const focusAt = useCallback((to: number) => {
    wantedRef.current = to;
    setCaret(to);
    fieldRef.current?.focus();
  }, [setCaret]);
  const insert = useCallback((from: number, to: number, text: string, caret = from + text.length) => {
    insertText(fieldRef.current!, from, to, text, caret);
    setCaret(caret);
  }, [setCaret]);
  return { fieldRef, caret, selecting, setCaret, insert, focusAt };
}
