import { type FocusEvent, type KeyboardEvent, memo, type ReactNode, useCallback, useEffect, useEffectEvent, useMemo, useRef, useState } from "react";
import { lazyPart } from "../app/lazyPart.tsx";
import { useChat, useCore, useSnapshot } from "../app/useCore.ts";
import type { ChatId } from "../core/wire.ts";
import { t } from "../strings/index.ts";
import { Icon } from "../ui/Icon.tsx";
import { useReorderGuard } from "../ui/useReorderGuard.ts";
import { loadVirtualList } from "./loadVirtualList.ts";
import { ChatRow } from "./ChatRow.tsx";
import { type Item, keepOrder, type ListSettings, nextUnread, type SectionName, stableItems } from "./chatOrder.ts";
import { openChat } from "./openChat.ts";
import { useDraftPreviews } from "./useDraftPreviews.ts";
import { rowOf, useRowMenu } from "./useRowMenu.tsx";

const VirtualList = lazyPart(async () => (await loadVirtualList()).default<Item>);
const maxPlainRows = 300; // rows; a longer list is virtual
const r = t.sidebar;

interface Props {
  settings: ListSettings;
  onFold: (section: SectionName) => void;
  /** Shown if there are no chats. */
  none: ReactNode;
}

/** The chats in sections. Its rows are one tab stop, arrows move inside. */
export function ChatList({ settings, onFold, none }: Props) {
  const { current, folded } = settings;
  const come = useSnapshot((s) => s.state.epoch !== "");
  const drafts = useDraftPreviews();
  const box = useRef<HTMLDivElement>(null);
  const [pointed, setPointed] = useState(false);
  const [typed, setTyped] = useState(false); // the keyboard focus is in the list
  const [at, setAt] = useState<ChatId>();
  const items = useItems(settings, pointed || typed);
  const core = useCore();
  const rowMenu = useRowMenu();
  const press = useReorderGuard(useMemo(() => items.map((i) => i.key), [items]), false);
  const missed = useRef(false); // the pointer is down on a row that has just moved there
  const shown = items.flatMap((i) => (i.section ? [] : [i.key]));
  const stop = [at, current].find((id) => id && shown.includes(id)) ?? shown[0];

  const virtual = items.length > maxPlainRows;
  /** Calls act with a row until it returns true: in a virtual list a row takes some frames to be mounted, and its first place is an estimate. */
  const goalRef = useRef<ChatId>(undefined);
  const reach = useCallback((id: ChatId, act: (row: HTMLElement) => boolean | void) => {
    goalRef.current = id;
    const again = (frames: number) => {
      const row = box.current?.querySelector<HTMLElement>(`[data-chat="${id}"]`);
      if ((row && act(row)) || !frames || !virtual) return;
      requestAnimationFrame(() => goalRef.current === id && again(frames - 1));
    };
    again(10);
  }, [virtual]);
  const known = current !== undefined && shown.includes(current);
  useEffect(() => {
    if (known) reach(current, (row) => row.scrollIntoView({ block: "nearest" }));
  }, [current, known, reach]);
  const go = useEffectEvent((step: 1 | -1) => {
    const to = nextUnread(items, core.store.published.state.chats, current, step);
    if (to) openChat(to);
  });
  useEffect(() => {
    const onKey = (e: globalThis.KeyboardEvent) => {
      const step = e.key === "ArrowDown" ? 1 : e.key === "ArrowUp" ? -1 : 0;
      if (!step || !e.altKey || !e.shiftKey || e.ctrlKey || e.metaKey || document.querySelector(".dialog")) return;
      e.preventDefault();
      go(step);
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, []);
  const chatOf = (e: { target: EventTarget }) => rowOf(e)?.dataset["chat"];
  function onKeyDown(e: KeyboardEvent) {
    if (rowMenu.onKey(e)) return;
    const from = shown.indexOf(chatOf(e) ?? "");
    const to = new Map([["ArrowDown", from + 1], ["ArrowUp", from - 1], ["Home", 0], ["End", shown.length - 1]]).get(e.key);
    if (from < 0 || to === undefined || e.ctrlKey || e.metaKey || e.altKey) return;
    e.preventDefault();
    const id = shown[Math.max(0, Math.min(shown.length - 1, to))]!;
    setAt(id);
    reach(id, (row) => {
      row.focus();
      return document.activeElement === row;
    });
  }
  function onFocus(e: FocusEvent) {
    setAt((now) => chatOf(e) ?? now); // not of a heading
    if (e.target.matches(":focus-visible")) setTyped(true);
  }

  const show = (i: Item) => (i.section === "late" ? <h2>{r.late}</h2> : i.section ? <Heading section={i.section} folded={folded.has(i.section)} onFold={onFold} /> : <Row id={i.key} current={i.key === current} stop={i.key === stop} draft={drafts.get(i.key)} />);
  return (
    <>
      <div className="chat-list" ref={box} {...rowMenu.handlers} onPointerDownCapture={(e) => (missed.current = !press.settled(chatOf(e) ?? ""))}
        onClickCapture={(e) => missed.current && e.detail > 0 && (e.preventDefault(), e.stopPropagation())} onKeyDown={onKeyDown} onFocus={onFocus} onBlur={(e) => e.currentTarget.contains(e.relatedTarget) || setTyped(false)}
        onPointerEnter={(e) => e.pointerType === "mouse" && setPointed(true)} onPointerLeave={() => setPointed(false)}>
        {items.length === 0 ? (come ? none : <p className="chat-list-none hint" role="status">{r.loading}</p>) : items.length <= maxPlainRows ? <ul>{items.map((i) => <li key={i.key}>{show(i)}</li>)}</ul> : (
          <VirtualList items={items} show={show} keep={[stop, current]} />
        )}
      </div>
      {rowMenu.menu}
    </>
  );
}

/** Each row subscribes to its own chat, so that a message renders one row and not the list. Memoized: a virtual list renders again for each size that it measures. */
const Row = memo(function Row({ id, ...rest }: { id: ChatId; current: boolean; stop: boolean; draft?: string }) {
  const chat = useChat(id);
  return chat && <ChatRow chat={chat} {...rest} />;
});

function Heading({ section, folded, onFold }: { section: SectionName; folded: boolean; onFold: (section: SectionName) => void }) {
  return <h2><button type="button" className="chat-section" aria-expanded={!folded} onClick={() => onFold(section)}><Icon name="next" />{r.sections[section]}</button></h2>;
}

/** The items of the list. While still, under the pointer or the keyboard, no row moves, unless the user opened another chat, or changed a setting. */
function useItems(settings: ListSettings, still: boolean): readonly Item[] {
  const core = useCore();
  const order = useMemo(() => stableItems(settings), [settings]);
  const now = useSnapshot((s) => order(s.state.chats));
  const { current, folded, unreadFirst } = settings;
  const [frozen, setFrozen] = useState<{ items: readonly Item[]; folded: unknown; unreadFirst: boolean }>();
  const has = (items: readonly Item[]) => items.some((i) => i.key === current);
  if (still && now.length && (frozen?.folded !== folded || frozen.unreadFirst !== unreadFirst || (!has(frozen.items) && has(now)))) setFrozen({ items: now, folded, unreadFirst });
  if (!still && frozen) setFrozen(undefined);
  return useMemo(() => (still && frozen ? keepOrder(frozen.items, now, core.store.published.state.chats) : now), [still, frozen, now, core]);
}
