// What the composer knows of a text.

const bytes = new TextEncoder();
export const byteLength = (text: string): number => bytes.encode(text).length;

/** An input method has the key; Safari says so by this code alone. */
export const composing = (e: KeyboardEvent): boolean => e.isComposing || e.keyCode === 229;

/** Enter sends, on touch keyboards, too; with Shift, or inside a code fence, it is a new line. */
export function sends(e: KeyboardEvent, field: HTMLTextAreaElement): boolean {
  return e.key === "Enter" && !e.shiftKey && !composing(e) && !inFence(field.value, field.selectionStart);
}

/** Whether the caret stands in a code fence that is still open: there Enter is a new line. */
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
