// What the composer knows of a text.

const bytes = new TextEncoder();
export const byteLength = (text: string): number => bytes.encode(text).length;

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
