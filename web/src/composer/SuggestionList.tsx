import { type AriaAttributes, type KeyboardEvent, useId, useLayoutEffect, useRef, useState } from "react";
import { acceptCompletion } from "../core/completion.ts";
import type { ChatId } from "../core/wire.ts";
import { t } from "../strings/index.ts";
import { Avatar } from "../ui/Avatar.tsx";
import { Icon } from "../ui/Icon.tsx";
import { useReorderGuard } from "../ui/useReorderGuard.ts";
import { type Suggestion, useSuggestions } from "./useSuggestions.ts";

export interface SuggestionMenu {
  readonly id: string;
  readonly open: boolean;
  readonly list: readonly Suggestion[];
  /** What Enter takes; -1: nothing, so Enter sends. */
  readonly selected: number;
  readonly accept: (i: number) => void;
  /** Reports whether the open menu took the key. */
  readonly takesKey: (e: KeyboardEvent) => boolean;
  /** Forgets the choice, after the text changed. */
  readonly reset: () => void;
  readonly close: () => void;
  /** What assistive technology hears of the menu; a textarea may not have the role combobox, nor aria-expanded. */
  readonly fieldProps: AriaAttributes;
}

/** The suggestions for the word at the caret; replace puts a text in a range of the field and then the caret. */
export function useSuggestionMenu(chatId: ChatId, text: string, caret: number, replace: (from: number, to: number, text: string, caret: number) => void): SuggestionMenu {
  const [chosen, setChosen] = useState<number>();
  const id = useId();
  const [dismissedFor, setDismissedFor] = useState(text); // Escape or a blur closed the suggestions for this text, or nothing was written yet
  const { at, list } = useSuggestions(chatId, text, caret);
  const open = !!at && list.length > 0 && dismissedFor !== text;
  const selected = chosen === undefined ? (list[0]?.meant ? 0 : -1) : Math.min(chosen, list.length - 1);

  function accept(i: number) {
    const { insert, caret } = acceptCompletion(text, at!, list[i]!.put);
    replace(at!.from, at!.to, insert, caret);
  }
  function takesKey(e: KeyboardEvent): boolean {
    if (!open) return false;
    const taken = e.key === "Tab" && !e.shiftKey ? Math.max(0, selected) : e.key === "Enter" && !e.shiftKey ? selected : -1;
    if (taken >= 0) accept(taken);
    else if (e.key === "ArrowDown") setChosen((selected + 1) % list.length);
    else if (e.key === "ArrowUp") setChosen((Math.max(0, selected) - 1 + list.length) % list.length);
    else if (e.key === "Escape") setDismissedFor(text);
    else return false;
    e.preventDefault();
    e.stopPropagation();
    return true;
  }
  const fieldProps: AriaAttributes = { "aria-autocomplete": "list", "aria-haspopup": "listbox", "aria-controls": open ? id : undefined, "aria-activedescendant": open && selected >= 0 ? `${id}-${selected}` : undefined };
  return { id, open, list, selected, accept, takesKey, reset: () => setChosen(undefined), close: () => open && setDismissedFor(text), fieldProps };
}

/** Puts the list below the field that it belongs to if there is more room than above, and bounds its height to the room. */
function place(box: HTMLElement): void {
  const field = box.parentElement!.getBoundingClientRect();
  const seen = (box.closest(".message-scroller") ?? document.documentElement).getBoundingClientRect();
  const above = field.top - seen.top, below = seen.bottom - field.bottom;
  box.toggleAttribute("data-below", above < box.scrollHeight && below > above);
  box.style.setProperty("--room", `${Math.max(above, below)}px`);
}

/** The open menu, and its size for a screen reader. It stands in an element that is as high as the field. */
export function SuggestionList({ menu: { id, open, list, selected, accept } }: { menu: SuggestionMenu }) {
  const guard = useReorderGuard(list.map((s) => s.key), true);
  const boxRef = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    if (boxRef.current) place(boxRef.current);
  }, [open, list]);
  return (
    <>
      {open && (
        <div ref={boxRef} className="popover suggestion-list" role="listbox" id={id} aria-label={t.composer.suggestions} onPointerMove={guard.moved}>
          {list.map((s, i) => (
            <div key={s.key} id={`${id}-${i}`} className="option" role="option" aria-selected={i === selected} onPointerDown={(e) => e.preventDefault()} onClick={() => guard.settled(s.key) && accept(i)}>
              {s.user && <Avatar user={s.user} size="small" />}{s.everyone && <span className="suggestion-everyone"><Icon name="at" /></span>}{s.user ? <><b dir="auto">{s.name}</b><span className="hint">{s.sign}</span></> : <><span>{s.sign}</span><span className="hint" dir="auto">{s.name}</span></>}
            </div>
          ))}
        </div>
      )}
      <p className="sr" role="status">{open && t.composer.suggestionCount(list.length)}</p>
    </>
  );
}
