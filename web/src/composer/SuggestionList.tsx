import { type KeyboardEvent, useState } from "react";
import { applyCompletion } from "../core/search.ts";
import type { ChatId } from "../core/wire.ts";
import { t } from "../strings/index.ts";
import { useReorderGuard } from "../ui/useReorderGuard.ts";
import { type Suggestion, useSuggestions } from "./useSuggestions.ts";

export interface SuggestionMenu {
  readonly open: boolean;
  readonly list: readonly Suggestion[];
  readonly selected: number;
  readonly accept: (i: number) => void;
  /** Reports whether the open menu took the key. */
  readonly takesKey: (e: KeyboardEvent) => boolean;
  /** Selects the first again, after the text changed. */
  readonly reset: () => void;
}

/** The suggestions for the word at the caret; replace puts a text and a caret into the field. */
export function useSuggestionMenu(chatId: ChatId, text: string, caret: number, replace: (text: string, caret: number) => void): SuggestionMenu {
  const [chosen, setChosen] = useState(0);
  const [dismissedFor, setDismissedFor] = useState(""); // Escape closed the suggestions for this text
  const { at, list } = useSuggestions(chatId, text, caret);
  const open = !!at && list.length > 0 && dismissedFor !== text;
  const selected = Math.min(chosen, list.length - 1);

  function accept(i: number) {
    const completed = applyCompletion(text, at!, list[i]!.put);
    replace(completed.text, completed.caret);
  }
  function takesKey(e: KeyboardEvent): boolean {
    if (!open) return false;
    const step = { ArrowDown: 1, ArrowUp: -1 }[e.key];
    if (step) setChosen((selected + step + list.length) % list.length);
    else if ((e.key === "Enter" && !e.shiftKey) || e.key === "Tab") accept(selected);
    else if (e.key === "Escape") setDismissedFor(text);
    else return true;
    e.preventDefault();
    e.stopPropagation();
    return true;
  }
  return { open, list, selected, accept, takesKey, reset: () => setChosen(0) };
}

export function SuggestionList({ id, menu: { open, list, selected, accept } }: { id: string; menu: SuggestionMenu }) {
  const guard = useReorderGuard(list.map((s) => s.key), true);
  if (!open) return null;
  return (
    <div className="popover suggestion-list" role="listbox" id={id} aria-label={t.composer.suggestions} onPointerMove={guard.moved}>
      {list.map((s, i) => (
        <div key={s.key} id={`${id}-${i}`} className="option" role="option" aria-selected={i === selected} onPointerDown={(e) => e.preventDefault()} onClick={() => guard.settled(s.key) && accept(i)}>
          <span>{s.sign}</span><span className="hint" dir="auto">{s.name}</span>
        </div>
      ))}
    </div>
  );
}
