import { type KeyboardEvent, useEffect, useMemo, useRef, useState } from "react";
import { flushSync } from "react-dom";
import { useCore } from "../app/useCore.ts";
import { t } from "../strings/index.ts";
import { isCoarse } from "../ui/coarse.ts";
import { Field } from "../ui/Field.tsx";
import { type Emoji, findEmoji, fullyQualified, skinTones, withTone } from "./emoji.ts";

const recentSetting = "recentEmoji";
const toneSetting = "skinTone";
const mostRecent = 24;
const mostFound = 80;
const hand = "👋";
const w = t.composer;

interface Section { readonly name: string; readonly list: readonly { readonly sign: string; readonly name: string }[] }

const toned = (all: readonly Emoji[], tone: number) => all.map((e) => ({ sign: withTone(e, tone), name: e.name }));

/** All emoji by category; arrows move, Enter picks, in the search field the first one that is found. */
export default function EmojiPicker({ emojis, onPick }: { emojis: readonly Emoji[]; onPick: (emoji: string) => void }) {
  const core = useCore();
  const [query, setQuery] = useState("");
  const [recent, setRecent] = useState<readonly string[]>([]);
  const [tone, setTone] = useState(0);
  const [current, setCurrent] = useState<string>();
  const gridRef = useRef<HTMLDivElement>(null);
  useEffect(() => {
    core.storage?.settings().then((s) => {
      setRecent(((s.get(recentSetting) as string[] | undefined) ?? []).map(fullyQualified));
      setTone((s.get(toneSetting) as number | undefined) ?? 0);
    }, () => {});
  }, [core]);
  const categories = useMemo((): Section[] => {
    const names = new Map(emojis.flatMap((e) => [e.sign, ...(e.tones ?? [])].map((sign) => [sign, e.name])));
    const used = recent.flatMap((sign) => (names.has(sign) ? [{ sign, name: names.get(sign)! }] : []));
    const groups = w.groups.map((name, group) => ({ name, list: toned(emojis.filter((e) => e.group === group), tone) }));
    return [{ name: w.recent, list: used }, ...groups].filter((s) => s.list.length);
  }, [emojis, recent, tone]);
  const found = useMemo((): Section[] | undefined => (query.trim() ? [{ name: w.found, list: toned(findEmoji(emojis, query, mostFound), tone) }].filter((s) => s.list.length) : undefined), [emojis, query, tone]);
  const sections = found ?? categories;

  function pick(sign: string) {
    core.storage?.saveSetting(recentSetting, [sign, ...recent.filter((r) => r !== sign)].slice(0, mostRecent)).catch(() => {});
    onPick(sign);
  }
  function chooseTone(to: number) {
    setTone(to);
    core.storage?.saveSetting(toneSetting, to).catch(() => {});
  }
  function onSearchKey(e: KeyboardEvent) {
    const first = gridRef.current?.querySelector("button");
    if (e.key === "ArrowDown") first?.focus();
    else if (e.key === "Enter" && query.trim() && first) first.click();
    else return;
    e.preventDefault();
  }
  /** The current category is the one whose heading is at the top or above; at the end of the list it is the last one. */
  function onScroll() {
    const { scrollTop, scrollHeight, clientHeight } = gridRef.current!;
    const headings = [...gridRef.current!.querySelectorAll<HTMLElement>("[data-section]")];
    const atEnd = scrollTop > 0 && scrollTop >= scrollHeight - clientHeight - 1;
    setCurrent((atEnd ? headings.at(-1) : headings.findLast((e) => e.offsetTop <= scrollTop + 1))?.dataset.section);
  }
  const shown = found ? undefined : categories.some((s) => s.name === current) ? current : categories[0]?.name;
  function jump(name: string) {
    if (found) flushSync(() => setQuery("")); // a category ends the search
    gridRef.current?.querySelector(`[data-section="${name}"]`)?.scrollIntoView({ block: "start" });
  }
  return (
    <div className="emoji-box">
      <div onKeyDown={onSearchKey}><Field label={w.search} type="search" value={query} onChange={setQuery} autoFocus={!isCoarse()} autoComplete="off" /></div>
      <div className="emoji-categories" role="group" aria-label={w.categories} onKeyDown={moveFocus}>
        {categories.map((s, i) => <button key={s.name} type="button" tabIndex={i ? -1 : 0} aria-label={s.name} aria-current={s.name === shown || undefined} title={s.name} onClick={() => jump(s.name)}>{s.name === w.recent ? "🕘" : s.list[0]!.sign}</button>)}
      </div>
      <div className="emoji-grid" ref={gridRef} onScroll={onScroll} onKeyDown={moveFocus}>
        {!sections.length && <p className="hint" role="status">{w.none}</p>}
        {sections.map((s) => [
          <h3 key={s.name} data-section={s.name}>{s.name}</h3>,
          ...s.list.map((e, i) => <button key={s.name + e.sign} type="button" tabIndex={i ? -1 : 0} aria-label={e.name} title={e.name} onClick={() => pick(e.sign)}>{e.sign}</button>),
        ])}
      </div>
      <div className="emoji-tones" role="group" aria-label={w.skinTone} onKeyDown={moveFocus}>
        {["", ...skinTones].map((sign, i) => <button key={sign} type="button" tabIndex={i === tone ? 0 : -1} aria-pressed={i === tone} aria-label={w.tones[i]} title={w.tones[i]} onClick={() => chooseTone(i)}>{hand + sign}</button>)}
      </div>
    </div>
  );
}

/** Arrows move among the buttons of a group, as they stand in lines. */
function moveFocus(e: KeyboardEvent<HTMLElement>) {
  const all = [...e.currentTarget.querySelectorAll("button")];
  const at = all.indexOf(e.target as HTMLButtonElement);
  const top = all[at]?.offsetTop;
  const width = Math.max(1, all.filter((b) => b.offsetTop === top).length);
  const step = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: width, ArrowUp: -width }[e.key];
  if (at < 0 || !step) return;
  e.preventDefault();
  all[Math.max(0, Math.min(all.length - 1, at + step))]?.focus();
}
