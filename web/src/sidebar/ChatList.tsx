import { type FocusEvent, type KeyboardEvent, type ReactNode, useCallback, useEffect, useMemo, useRef, useState } from "react";
import { lazyPart } from "../app/lazyPart.tsx";
import { useRoute } from "../app/route.ts";
import { useChat, useCore, useSnapshot } from "../app/useCore.ts";
import type { Chat } from "../core/chatModel.ts";
import type { ChatId } from "../core/wire.ts";
import { t } from "../strings/index.ts";
import { useReorderGuard } from "../ui/useReorderGuard.ts";
import { loadVirtualList } from "./loadVirtualList.ts";
import { ChatRow } from "./ChatRow.tsx";
import { keepOrder, stableOrder } from "./chatOrder.ts";
import { useDraftPreviews } from "./useDraftPreviews.ts";

const VirtualList = lazyPart(async () => (await loadVirtualList()).default<Item>);
const maxPlainRows = 300; // rows; a longer list is virtual
const r = t.sidebar;

export interface Item { readonly key: string; readonly head?: string }

/** Groups, then direct chats; none is shown if there are no chats. The list is one tab stop, arrows move inside. */
export function ChatList({ unreadFirst, none }: { unreadFirst: boolean; none: ReactNode }) {
  const route = useRoute();
  const current = route.at === "chat" ? route.chatId : undefined;
  const come = useSnapshot((s) => s.state.epoch !== "");
  const drafts = useDraftPreviews();
  const box = useRef<HTMLDivElement>(null);
  const [pointed, setPointed] = useState(false);
  const [typed, setTyped] = useState(false); // the keyboard focus is in the list
  const [at, setAt] = useState<ChatId>();
  const { ids, late } = useOrder(unreadFirst, pointed || typed);
  const core = useCore();
  const items = useMemo(() => {
    const { chats } = core.store.published.state; // a chat never changes its kind
    const of = (kind: Chat["kind"], head: string): Item[] => {
      const own = ids.filter((id) => chats.get(id)?.kind === kind && !late.has(id)).map((key) => ({ key }));
      return own.length ? [{ key: kind, head }, ...own] : [];
    };
    const last: Item[] = ids.filter((id) => late.has(id)).map((key) => ({ key }));
    return [...of("group", r.groups), ...of("direct", r.people), ...last];
  }, [core, ids, late]);
  const press = useReorderGuard(useMemo(() => items.map((i) => i.key), [items]), false);
  const missed = useRef(false); // the pointer is down on a row that has just moved there
  const shown = items.flatMap((i) => (i.head ? [] : [i.key]));
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
  const chatOf = (e: { target: EventTarget }) => (e.target as Element).closest<HTMLElement>("[data-chat]")?.dataset["chat"];
  function onKeyDown(e: KeyboardEvent) {
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
    setAt(chatOf(e));
    if (e.target.matches(":focus-visible")) setTyped(true);
  }

  const show = (i: Item) => (i.head ? <h2>{i.head}</h2> : <Row id={i.key} current={i.key === current} stop={i.key === stop} draft={drafts.get(i.key)} />);
  return (
    <div className="chat-list" ref={box} onPointerDownCapture={(e) => (missed.current = !press.settled(chatOf(e) ?? ""))}
      onClickCapture={(e) => missed.current && e.detail > 0 && (e.preventDefault(), e.stopPropagation())} onKeyDown={onKeyDown} onFocus={onFocus} onBlur={(e) => e.currentTarget.contains(e.relatedTarget) || setTyped(false)}
      onPointerEnter={(e) => e.pointerType === "mouse" && setPointed(true)} onPointerLeave={() => setPointed(false)}>
      {items.length === 0 ? (come ? none : <p className="chat-list-none hint" role="status">{r.loading}</p>) : items.length <= maxPlainRows ? <ul>{items.map((i) => <li key={i.key}>{show(i)}</li>)}</ul> : (
        <VirtualList items={items} show={show} keep={[stop, current]} />
      )}
    </div>
  );
}

/** Each row subscribes to its own chat, so that a message renders one row and not the list. */
function Row({ id, ...rest }: { id: ChatId; current: boolean; stop: boolean; draft?: string }) {
  const chat = useChat(id);
  return chat && <ChatRow chat={chat} {...rest} />;
}

const nothingLate: ReadonlySet<ChatId> = new Set();

/** The order of the chats. While still, under the pointer or the keyboard, no row moves: chats that are new (late) wait below all. */
function useOrder(unreadFirst: boolean, still: boolean): { ids: readonly ChatId[]; late: ReadonlySet<ChatId> } {
  const order = useMemo(() => stableOrder(unreadFirst), [unreadFirst]);
  const now = useSnapshot((s) => order(s.state.chats));
  const [frozen, setFrozen] = useState<readonly ChatId[]>();
  if (still && !frozen && now.length) setFrozen(now);
  if (!still && frozen) setFrozen(undefined);
  return useMemo(() => {
    if (!still || !frozen) return { ids: now, late: nothingLate };
    const known = new Set(frozen);
    return { ids: keepOrder(frozen, now), late: new Set(now.filter((id) => !known.has(id))) };
  }, [still, frozen, now]);
}
