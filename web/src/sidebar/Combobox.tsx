import { type ReactNode, useEffect, useId, useRef, useState } from "react";
import { useReorderGuard } from "../ui/useReorderGuard.ts";

interface Props<T> {
  label: string;
  hint?: string;
  items: readonly T[];
  keyOf: (item: T) => string;
  show: (item: T) => ReactNode;
  query: string;
  onQuery: (q: string) => void;
  onPick: (item: T) => void;
  /** The message for no results; undefined while the search is running. */
  none: string | undefined;
}

/** A text field with a list of results: arrows select, Enter picks. https://www.w3.org/WAI/ARIA/apg/patterns/combobox/ */
export function Combobox<T>({ label, hint, items, keyOf, show, query, onQuery, onPick, none }: Props<T>) {
  const id = useId();
  const [at, setAt] = useState(0);
  const list = useRef<HTMLDivElement>(null);
  const press = useReorderGuard(items.map(keyOf), true);
  const chosen = Math.min(at, items.length - 1);
  useEffect(() => void list.current?.querySelector('[aria-selected="true"]')?.scrollIntoView({ block: "nearest" }), [chosen]);
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      <input id={id} className="input" role="combobox" aria-expanded={items.length > 0} aria-controls={id + "l"} aria-autocomplete="list"
        aria-activedescendant={chosen >= 0 ? `${id}-${chosen}` : undefined} autoFocus autoComplete="off" spellCheck={false} placeholder={hint} value={query}
        onChange={(e) => { onQuery(e.target.value); setAt(0); }}
        onKeyDown={(e) => {
          if (e.key === "ArrowDown" || e.key === "ArrowUp") setAt(Math.max(0, Math.min(items.length - 1, chosen + (e.key === "ArrowDown" ? 1 : -1))));
          else if (e.key === "Enter" && items[chosen]) onPick(items[chosen]);
          else return;
          e.preventDefault();
        }} />
      <div className="combobox-results">
        <div className="combobox-list" role="listbox" id={id + "l"} aria-label={label} ref={list} onPointerMove={press.moved}>
          {items.map((item, i) => (
            <div key={keyOf(item)} id={`${id}-${i}`} className="option" role="option" aria-selected={i === chosen} onPointerDown={(e) => e.preventDefault()} onClick={() => press.settled(keyOf(item)) && onPick(item)}>{show(item)}</div>
          ))}
        </div>
        {items.length === 0 && query && none && <p className="hint" role="status">{none}</p>}
      </div>
    </div>
  );
}
