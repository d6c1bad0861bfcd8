import { userOf } from "../core/selectors.ts";
import type { State } from "../core/state.ts";
import type { LoadedMessage } from "../core/message.ts";
import { t } from "../strings/index.ts";
import { messagesIn, seqOf } from "./messageElements.ts";
import { exactTime } from "../ui/Time.tsx";

/** Returns the text of a selection of several messages, each with name and time; undefined to copy as the browser does. */
export function selectionText(scroller: Element, messages: readonly LoadedMessage[], s: State): string | undefined {
  const chosen = getSelection();
  if (!chosen?.rangeCount) return undefined;
  const range = chosen.getRangeAt(0);
  const rows = [...messagesIn(scroller)].filter((r) => range.intersectsNode(r));
  if (rows.length < 2) return undefined;
  const wanted = new Set(rows.map(seqOf));
  return messages.filter((m) => wanted.has(m.seq))
    .map((m) => `${userOf(s, m.by).name}, ${exactTime(m.at)}:\n${m.deletedAt ? t.conversation.deleted : m.text}`).join("\n\n");
}
