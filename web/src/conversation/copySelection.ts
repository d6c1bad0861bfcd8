import { userOf } from "../core/selectors.ts";
import type { State } from "../core/state.ts";
import type { LoadedMessage } from "../core/message.ts";
import { messagePreview } from "../strings/preview.ts";
import { t } from "../strings/index.ts";
import { messagesIn, seqOf } from "./messageElements.ts";
import { exactTime } from "../ui/Time.tsx";

/**
 * Returns what is selected of several messages, with name and time before each group of one author's; undefined to copy
 * as the browser does. A message that is selected as a whole is copied as it was written.
 */
export function selectionText(scroller: Element, messages: readonly LoadedMessage[], s: State): string | undefined {
  const chosen = getSelection();
  if (!chosen?.rangeCount) return undefined;
  const range = chosen.getRangeAt(0).cloneRange();
  const rows = [...messagesIn(scroller)].filter((r) => range.intersectsNode(r));
  if (rows.length < 2) return undefined;
  const known = new Map(messages.map((m) => [m.seq, m]));
  const parts = rows.flatMap((row) => {
    const m = known.get(seqOf(row));
    const body = row.querySelector(".message-body, .message-deleted, .message-files, .picture-grid");
    const text = m && body && selectedOf(body, range, chosen, m.deletedAt ? t.conversation.deleted : m.text || messagePreview(m, Infinity));
    return text ? [{ m, text, first: row.classList.contains("first") }] : [];
  });
  chosen.removeAllRanges();
  chosen.addRange(range);
  if (parts.length < 2) return undefined;
  return parts.map(({ m, text, first }, i) => (i && !first ? "\n" : `${i ? "\n\n" : ""}${userOf(s, m.by).name}, ${exactTime(m.at)}:\n`) + text).join("");
}

/** Returns the part of a body that is in the range, as the browser would copy it; whole: what all of it stands for. */
function selectedOf(body: Element, range: Range, selection: Selection, whole: string): string {
  if (!range.intersectsNode(body)) return "";
  const all = document.createRange();
  all.selectNodeContents(body);
  const part = all.cloneRange();
  if (range.compareBoundaryPoints(Range.START_TO_START, all) > 0) part.setStart(range.startContainer, range.startOffset);
  if (range.compareBoundaryPoints(Range.END_TO_END, all) < 0) part.setEnd(range.endContainer, range.endOffset);
  const note = body.querySelector(".message-note")?.textContent ?? ""; // cannot be selected
  const textOf = (r: Range) => r.toString().trim().slice(0, r.toString().trim().endsWith(note) ? -note.length || undefined : undefined).trim();
  const text = textOf(part);
  if (text === textOf(all)) return whole;
  selection.removeAllRanges();
  selection.addRange(part);
  return text && selection.toString().trim();
}
