// Helpers for texts being written.

const bytes = new TextEncoder();
export const byteLength = (text: string): number => bytes.encode(text).length;

/** Returns how many characters at its end a text has too many for a limit in bytes. */
export function excess(text: string, limit: number): number {
  let over = byteLength(text) - limit;
  if (over <= 0) return 0;
  const end = [...text.slice(-over)].reverse(); // a character has at least one byte
  return end.findIndex((c) => (over -= byteLength(c)) <= 0) + 1;
}

/** Reports whether an input method handles the key; in Safari only keyCode 229 indicates it. */
export const composing = (e: KeyboardEvent): boolean => e.isComposing || e.keyCode === 229;

/** Reports whether the key sends: Enter does, but not with Shift or inside a code fence. */
export function sends(e: KeyboardEvent, field: HTMLTextAreaElement): boolean {
  return e.key === "Enter" && !e.shiftKey && !composing(e) && !inFence(field.value, field.selectionStart);
}

/** Reports whether the caret is in an open code fence. */
export function inFence(text: string, caret: number): boolean {
  let open: string | undefined;
  for (const line of text.slice(0, caret).split("\n")) {
    const mark = /^ {0,3}(`{3,}|~{3,})/.exec(line)?.[1];
    if (!mark) continue;
    if (!open) open = mark;
    else if (mark[0] === open[0] && mark.length >= open.length) open = undefined;
  }
  return open !== undefined;
}
