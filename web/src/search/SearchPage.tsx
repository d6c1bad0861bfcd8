import { type KeyboardEvent, useEffect, useLayoutEffect, useRef, useState } from "react";
import { navigate, paths } from "../app/route.ts";
import { useCore, useSnapshot } from "../app/useCore.ts";
import { openChat, openDirectChat } from "../sidebar/openChat.ts";
import { t } from "../strings/index.ts";
import { Button } from "../ui/Button.tsx";
import { Icon } from "../ui/Icon.tsx";
import { attempt } from "../ui/Toast.tsx";
import { chipText, monthName } from "./filterText.ts";
import { asks, formatQuery, parseQuery, type Query, settled } from "./query.ts";
import { SearchField } from "./SearchField.tsx";
import { NameHits, SearchHits } from "./SearchHits.tsx";
import { keep, useSearch } from "./useSearch.ts";
import { useRecentSearches } from "./useRecentSearches.ts";

const r = t.search;

let lastByChat = false; // as it was chosen last in this tab

/** The query that was last written to the address here: more may have been typed since. */
let written: string | undefined;

function write(q: string): void {
  written = q;
  navigate(paths.search(q), { replace: true });
}

/** The search, whose query is in the address. q: the query that the address has. */
export function SearchPage({ q }: { q: string }) {
  const core = useCore();
  const [query, setQuery] = useState(() => parseQuery(q));
  const [shown, setShown] = useState(q);
  if (shown !== q) {
    setShown(q);
    if (q !== written) setQuery(parseQuery(q)); // Back, or another link to this page
  }
  const wanted = formatQuery(settled(query)), empty = !asks(settled(query));
  const { found, failure, kept, busy, more, retry } = useSearch(empty ? "" : wanted);
  const { recent, add, clear } = useRecentSearches();
  const [byChat, setByChat] = useState(() => lastByChat);
  const page = useRef<HTMLDivElement>(null), input = useRef<HTMLInputElement>(null);

  useEffect(() => void (document.title = r.title), []);
  useEffect(() => {
    if (wanted === q) return;
    const timer = setTimeout(() => write(wanted), 300); // browsers limit how often the address may change
    return () => clearTimeout(timer);
  }, [wanted, q]);
  useLayoutEffect(() => { // the headings of the results stick below the header, which grows with its chips
    const head = new ResizeObserver(([e]) => page.current?.style.setProperty("--head", `${e!.borderBoxSize[0]!.blockSize}px`));
    head.observe(page.current!.querySelector("header")!);
    return () => head.disconnect();
  }, []);
  useLayoutEffect(() => { // Back returns to the place and to the hit that was opened
    if (!kept) return void input.current?.focus();
    page.current!.scrollTop = kept.scrollTop;
    (kept.opened ? hits(page.current!).find((e) => e.dataset.hit === kept.opened) : input.current)?.focus({ preventScroll: true });
  }, [kept]);

  const opened = (key: string) => {
    add(wanted);
    keep(core.api, { scrollTop: page.current!.scrollTop, opened: key });
    if (wanted !== q) write(wanted);
  };
  function enter(whole: Query) {
    if (!asks(whole)) return;
    add(formatQuery(whole));
    write(formatQuery(whole));
  }
  /** The arrows move between the hits, and from the first one back to the field. */
  function onKeyDown(e: KeyboardEvent<HTMLElement>) {
    if (e.key !== "ArrowDown" && e.key !== "ArrowUp") return;
    const all = hits(e.currentTarget), at = all.indexOf(document.activeElement as HTMLElement);
    if (at < 0) return;
    e.preventDefault();
    (all[at + (e.key === "ArrowDown" ? 1 : -1)] ?? (e.key === "ArrowUp" ? input.current : undefined))?.focus();
  }
  const names = found ? found.byName.chats.length + found.byName.users.length : 0;
  return (
    <div className="search-page" ref={page} onKeyDown={onKeyDown} onScroll={(e) => keep(core.api, { scrollTop: e.currentTarget.scrollTop })}>
      <header>
        <Button look="plain icon" className="button plain icon search-back" aria-label={t.conversation.back} onPress={() => navigate(paths.home)}><Icon name="back" /></Button>
        <h1 className="sr">{r.title}</h1>
        <SearchField query={query} onChange={setQuery} error={failure?.field === "q" ? failure.message : undefined} input={input} onEnter={enter} onLeave={() => hits(page.current!)[0]?.focus()} />
      </header>
      {empty && <Start recent={recent} onPick={(text) => { setQuery(parseQuery(text)); input.current?.focus(); }} onClear={() => { clear(); input.current?.focus(); }} />}
      {!empty && (
        <div className="search-status">
          <p className={found?.hits.length === 0 && !busy && !found.next ? "sr" : "hint"} role="status">{busy ? r.searching : found && !failure ? (found.hits.length ? r.found(found.hits.length, !!found.next) : found.next ? "" : r.none) : ""}</p>
          {found && found.hits.length > 0 && (
            <div className="row" role="group" aria-label={r.order}>
              {[false, true].map((by) => <button key={String(by)} type="button" className="button" aria-pressed={byChat === by} onClick={() => setByChat((lastByChat = by))}>{by ? r.byChat : r.newest}</button>)}
            </div>
          )}
        </div>
      )}
      {failure && failure.field !== "q" && <div className="search-failed"><p className="error" role="alert">{r.failed} {failure.message}</p><Button onPress={retry}>{r.retry}</Button></div>}
      {!empty && found && !failure && (
        <div className="search-results" data-old={found.q !== wanted || undefined}>
          {names > 0 && <NameHits chats={found.byName.chats} users={found.byName.users} onChat={(id) => { opened(id); openChat(id); }} onUser={(id) => { opened(id); attempt(() => openDirectChat(core, id)); }} />}
          {found.hits.length > 0 && <SearchHits hits={found.hits} byChat={byChat} busy={busy} onOpen={opened} />}
          {!busy && !found.hits.length && !found.next && <None q={parseQuery(found.q)} onClear={() => { setQuery({ filters: [], text: query.text.trim() }); input.current?.focus(); }} />}
          {found.next && <Button isDisabled={busy} onPress={more}>{r.more}</Button>}
          {found.indexedFrom && <p className="hint">{r.indexedFrom(monthName(found.indexedFrom))}</p>}
        </div>
      )}
    </div>
  );
}

const hits = (page: HTMLElement) => [...page.querySelectorAll<HTMLElement>("[data-hit]")];

/** What was searched without a hit, and what helps. */
function None({ q, onClear }: { q: Query; onClear: () => void }) {
  const state = useSnapshot((s) => s.state);
  const filters = q.filters.map((f) => chipText(state, f));
  return (
    <div className="page-none">
      <Icon name="search" />
      <p>{q.text ? r.noneFor(q.text) : r.none}</p>
      {filters.length > 0 && <p className="hint">{r.noneFiltered(filters)}</p>}
      <p className="hint">{filters.length ? r.noneHintFiltered : r.noneHint} {q.text && r.noneHintPart}</p>
      {filters.length > 0 && <Button onPress={onClear}>{r.clearFilters}</Button>}
    </div>
  );
}

function Start({ recent, onPick, onClear }: { recent: readonly string[]; onPick: (q: string) => void; onClear: () => void }) {
  return (
    <div className="search-results">
      <p className="hint">{r.hint}</p>
      {recent.length > 0 && (
        <section>
          <h2>{r.recent}</h2>
          <ul className="search-names" aria-label={r.recent}>{recent.map((q) => <li key={q}><button type="button" className="option" data-hit={q} onClick={() => onPick(q)}><Icon name="search" /><span dir="auto">{q}</span></button></li>)}</ul>
          <Button onPress={onClear}>{r.clearRecent}</Button>
        </section>
      )}
    </div>
  );
}
