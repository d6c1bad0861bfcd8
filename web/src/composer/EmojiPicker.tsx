import { type KeyboardEvent, useEffect, useMemo, useRef, useState } from "react";
import { useCore } from "../app/useCore.ts";
import { t } from "../strings/index.ts";
import { Button } from "../ui/Button.tsx";
import { Field } from "../ui/Field.tsx";
import { type Emoji, findEmoji, fullyQualified } from "./emoji.ts";

const setting = "recentEmoji";
const mostRecent = 24;
const mostFound = 80;

interface Props { emojis: readonly Emoji[]; onPick: (emoji: string) => void; onClose: () => void }

/** All emoji in a grid; arrows move, Enter picks. */
export default function EmojiPicker({ emojis, onPick, onClose }: Props) {
  const core = useCore();
  const [query, setQuery] = useState("");
  const [recent, setRecent] = useState<readonly string[]>([]);
  const grid = useRef<HTMLDivElement>(null);
  useEffect(() => {
    core.storage?.settings().then((s) => setRecent(((s.get(setting) as string[] | undefined) ?? []).map(fullyQualified)), () => {});
  }, [core]);
  const sections = useMemo(() => {
    if (query.trim()) return [{ name: t.composer.found, list: findEmoji(emojis, query, mostFound) }];
    const known = new Map(emojis.map((e) => [e.sign, e]));
    const groups = t.composer.groups.map((name, group) => ({ name, list: emojis.filter((e) => e.group === group) }));
    return [{ name: t.composer.recent, list: recent.flatMap((sign) => known.get(sign) ?? []) }, ...groups].filter((s) => s.list.length);
  }, [emojis, query, recent]);

  function pick(sign: string) {
    core.storage?.saveSetting(setting, [sign, ...recent.filter((r) => r !== sign)].slice(0, mostRecent)).catch(() => {});
    onPick(sign);
  }
  function onKeyDown(e: KeyboardEvent) {
    const all = [...grid.current!.querySelectorAll("button")];
    const at = all.indexOf(e.target as HTMLButtonElement);
    const top = all[at]?.offsetTop;
    const width = Math.max(1, all.filter((b) => b.offsetTop === top).length);
    const step = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: width, ArrowUp: -width }[e.key];
    if (at < 0 || !step) return;
    e.preventDefault();
    all[Math.max(0, Math.min(all.length - 1, at + step))]?.focus();
  }
  return (
    <div className="emoji-box">
      <Field label={t.composer.search} type="search" value={query} onChange={setQuery} autoFocus autoComplete="off" />
      {sections.every((s) => !s.list.length) && <p className="hint" role="status">{t.composer.none}</p>}
      <div className="emoji-grid" ref={grid} onKeyDown={onKeyDown}>
        {sections.map((s) => [
          <h3 key={s.name}>{s.name}</h3>,
          ...s.list.map((e, i) => <button key={s.name + e.sign} type="button" tabIndex={i === 0 ? 0 : -1} aria-label={e.name} title={e.name} onClick={() => pick(e.sign)}>{e.sign}</button>),
        ])}
      </div>
      <div className="row end"><Button onPress={onClose}>{t.app.close}</Button></div>
    </div>
  );
}
