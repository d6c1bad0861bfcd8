/** Replaces a range of a field as typing does, so that Undo takes it back, and then selects from start to end. */
export function insertText(field: HTMLTextAreaElement, from: number, to: number, text: string, start = from + text.length, end = start): void {
  field.focus();
  field.setSelectionRange(from, to);
  // Deprecated, but nothing else writes into a field so that Undo knows it.
  const done = text ? document.execCommand("insertText", false, text) : from === to || document.execCommand("delete");
  if (!done) {
    field.setRangeText(text, from, to, "end");
    field.dispatchEvent(new InputEvent("input", { bubbles: true }));
  }
  field.setSelectionRange(start, end);
}
