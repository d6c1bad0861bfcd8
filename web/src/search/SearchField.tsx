import { type KeyboardEvent, type RefObject, useId, useState } from "react";
import { useSnapshot } from "../app/useCore.ts";
import { pictureOf, titleOf } from "../core/selectors.ts";
import { t } from "../strings/index.ts";
import { Avatar } from "../ui/Avatar.tsx";
import { Button } from "../ui/Button.tsx";
import { Icon } from "../ui/Icon.tsx";
import { useReorderGuard } from "../ui/useReorderGuard.ts";
import { chipText } from "./filterText.ts";
import { type FilterName, noQuery, openFilter, type Query, takeFilters, withFilter, withoutFilter } from "./query.ts";
import { type Completion, useCompletions } from "./useCompletions.ts";

const r = t.search;
const offered: readonly FilterName[] = ["from", "in", "has", "mentions", "after", "before"];

interface Props {
  query: Query;
  onChange: (q: Query) => void;
  /** Enter was pressed without a suggestion. */
  onEnter: (q: Query) => void;
  /** The arrow down was pressed without suggestions. */
  onLeave: () => void;
  error?: string;
  input: RefObject<HTMLInputElement | null>;
}

/** The text field with its filters as chips and suggestions for what is being typed. https://www.w3.org/WAI/ARIA/apg/patterns/combobox/ */
export function SearchField({ query, onChange, onEnter, onLeave, error, input }: Props) {
  const id = useId();
  const state = useSnapshot((s) => s.state);
  const [chosen, setChosen] = useState<number>();
  const [dismissedFor, setDismissedFor] = useState<string>(); // Escape or a blur closed the suggestions for this text
  const list = useCompletions(query.text);
  const open = list.length > 0 && dismissedFor !== query.text;
  const selected = chosen === undefined ? (list[0]?.filter ? 0 : -1) : Math.min(chosen, list.length - 1);
  const current = openFilter(query.text)?.name;
  const guard = useReorderGuard(list.map((c) => c.key), true);

  function change(q: Query) {
    setChosen(undefined);
    setDismissedFor(undefined);
    onChange(q);
  }
  function accept(c: Completion) {
    const before = (from: number) => query.text.slice(0, from).trimEnd();
    if (c.filter) change(withFilter({ ...query, text: before(openFilter(query.text)!.from) }, c.filter));
    else change({ ...query, text: query.text.replace(/\p{L}+$/u, `${c.name}:`) });
    input.current?.focus();
  }
  function begin(name: FilterName) {
    change({ ...query, text: `${query.text.trimEnd()} ${name}:`.trimStart() });
    input.current?.focus();
  }
  function onKeyDown(e: KeyboardEvent<HTMLInputElement>) {
    if (e.ctrlKey || e.metaKey || e.altKey) return;
    const { selectionStart, selectionEnd } = e.currentTarget;
    if (open && (e.key === "ArrowDown" || e.key === "ArrowUp")) setChosen((Math.max(selected, e.key === "ArrowUp" ? 0 : -1) + (e.key === "ArrowDown" ? 1 : -1) + list.length) % list.length);
    else if (open && selected >= 0 && (e.key === "Enter" || (e.key === "Tab" && !e.shiftKey))) accept(list[selected]!);
    else if (open && e.key === "Escape") setDismissedFor(query.text);
    else if (e.key === "Enter") {
      const whole = takeFilters(query, true);
      change(whole);
      onEnter(whole);
    } else if (e.key === "ArrowDown") onLeave();
    else if (e.key === "Backspace" && selectionStart === 0 && selectionEnd === 0 && query.filters.length) change(withoutFilter(query, query.filters.length - 1));
    else if (e.key === "Escape" && (query.text || query.filters.length)) change(noQuery);
    else return;
    e.preventDefault();
    e.stopPropagation();
  }
  return (
    <div role="search" className="search-form">
      <div className="search-field">
        <Icon name="search" />
        {query.filters.length > 0 && (
          <ul aria-label={r.filters}>
            {query.filters.map((f, i) => {
              const text = chipText(state, f);
              return <li key={`${f.name}:${f.value}`}><button type="button" className="search-chip" aria-label={r.removeChip(text)} onClick={() => { change(withoutFilter(query, i)); input.current?.focus(); }}><span dir="auto">{text}</span><Icon name="close" /></button></li>;
            })}
          </ul>
        )}
        <input ref={input} data-search type="text" inputMode="search" enterKeyHint="search" role="combobox" aria-label={r.placeholder} placeholder={query.filters.length ? undefined : r.placeholder} autoComplete="off" autoCapitalize="off" spellCheck={false}
          aria-expanded={open} aria-controls={id + "l"} aria-autocomplete="list" aria-activedescendant={open && selected >= 0 ? `${id}-${selected}` : undefined} aria-invalid={!!error} aria-describedby={error ? id + "e" : undefined}
          value={query.text} dir="auto" onChange={(e) => change(takeFilters({ ...query, text: e.target.value }))} onKeyDown={onKeyDown} onBlur={() => setDismissedFor(query.text)} onFocus={() => setDismissedFor(undefined)} />
        {(query.text || query.filters.length > 0) && <Button look="plain icon" aria-label={r.clear} onPress={() => { change(noQuery); input.current?.focus(); }}><Icon name="close" /></Button>}
        <div className="popover search-suggestions" role="listbox" id={id + "l"} aria-label={r.suggestions} hidden={!open} onPointerMove={guard.moved}>
          {open && list.map((c, i) => (
            <div key={c.key} id={`${id}-${i}`} className="option" role="option" aria-selected={i === selected} onPointerDown={(e) => e.preventDefault()} onClick={() => guard.settled(c.key) && accept(c)}>
              {c.user && <Avatar user={c.user} size="small" />}
              {c.chat && <Avatar user={{ id: c.chat.with ?? c.chat.id, name: titleOf(state, c.chat), picture: pictureOf(state, c.chat) }} group={c.chat.kind === "group"} size="small" />}
              {c.user || c.chat ? <b dir="auto">{c.label}</b> : <span dir="auto">{c.label}</span>}{c.hint && <span className="hint">{c.hint}</span>}
            </div>
          ))}
        </div>
      </div>
      {error && <p className="error" id={id + "e"} role="alert">{error}</p>}
      <div className="search-filters" role="group" aria-label={r.filters}>
        {offered.map((name) => <Button key={name} aria-current={name === current || undefined} onPress={() => begin(name)}>{r.add[name]}</Button>)}
      </div>
    </div>
  );
}
