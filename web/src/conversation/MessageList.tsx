import { type KeyboardEvent, type PointerEvent, useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from "react";
import { navigate, paths } from "../app/route.ts";
import { useCore, useSnapshot } from "../app/useCore.ts";
import type { Chat } from "../core/chat.ts";
import type { Pending } from "../core/outbox.ts";
import { atEnd, pendingOf, userOf } from "../core/selectors.ts";
import type { Seq } from "../core/wire.ts";
import { t } from "../strings/index.ts";
import { Button } from "../ui/Button.tsx";
import { Icon } from "../ui/Icon.tsx";
import { dayName, shortTime, useToday } from "../ui/Time.tsx";
import { selectionText } from "./copySelection.ts";
import { PendingRow } from "./PendingRow.tsx";
import { type MessageActions, MessageRow } from "./MessageRow.tsx";
import { buildRows } from "./rows.ts";
import { LiveRegion } from "./LiveRegion.tsx";
import { type ScrollTarget, messageTarget, useScrollTarget } from "./useScrollTarget.ts";
import { useSavedPosition } from "./useSavedPosition.ts";
import { usePagination } from "./usePagination.ts";
import { useScrollAnchor } from "./useScrollAnchor.ts";
import { misclickMs, useMisclickGuard } from "./useMisclickGuard.ts";

const nearEdge = 1600; // px from an edge at which its next page is asked for
const longPressMs = 450;
const scrolledMs = 100; // without a scroll, until the tools of what stands under the pointer come

interface Props {
  chat: Chat;
  /** The message that the address names. */
  target?: Seq;
  editing: { readonly seq: Seq; readonly resumed?: boolean } | undefined;
  actions: Omit<MessageActions, "activate" | "hover">;
  onEditPending(p: Pending): void;
}

/** Somebody is before the page. */
const attended = () => document.hasFocus() && document.visibilityState === "visible";

export function MessageList({ chat, target, editing, actions, onEditPending }: Props) {
  const core = useCore();
  const me = useSnapshot((s) => s.state.me?.id ?? "");
  const users = useSnapshot((s) => s.state.users); // for all rows: one subscription in place of hundreds
  const allPending = useSnapshot((s) => s.pending);
  const pending = useMemo(() => pendingOf(allPending, chat.id).map((p) => ({ ...p, at: core.clock.at(p.at) })), [core, allPending, chat.id]);
  const today = useToday();
  /** What was unread on coming here. */
  const [news, setNews] = useState(() => (chat.unread > 0 ? { after: chat.readUpTo, count: chat.unread } : undefined));
  const [bar, setBar] = useState<{ count: number; since: number }>();
  const [active, setActive] = useState<{ seq: Seq; menu: boolean }>();
  const [stands, setStands] = useState<"end" | "near" | "far">("end");

  const box = useRef<HTMLDivElement>(null);
  const [look, lookAt] = useScrollTarget(chat, target);
  const { range, failed, loadMore, trimAround } = usePagination(chat, look);
  const end = !!range && atEnd(chat, range);
  const rows = useMemo(() => buildRows(range?.messages ?? [], end || !range ? pending : [], me, news?.after), [range, end, pending, me, news]);
  const scroll = useScrollAnchor(box, rows, end);
  const note = useSavedPosition(chat.id, box, scroll);

  const done = useRef<ScrollTarget>(undefined); // the look that was followed
  useLayoutEffect(() => {
    if (!look) return;
    if (!range) { // what was in sight is held no longer: load it anew
      const p = scroll.position();
      if (done.current === look) lookAt(p && !scroll.follows.current ? { at: p.seq, offset: p.offset } : { at: "end", offset: 0 });
      return;
    }
    if (done.current === look) return;
    const first = !done.current;
    done.current = look;
    const { at } = look;
    const near = at === "end" ? undefined : (range.messages.find((m) => m.seq >= at) ?? range.messages.at(-1));
    if (near) scroll.toRow(near.seq, look.offset);
    else scroll.toEnd();
    note(); // a reload may come before a scroll would
    if (near && near.seq === target && document.activeElement === document.body) focusOn(near.seq); // what led here is no longer there
    const since = first && news && range.messages.find((m) => m.seq > news.after && m.by !== me)?.at;
    if (since && !scroll.follows.current) setBar({ count: news.count, since });
  }, [look, range, note]);

  const attend = useCallback(() => {
    const b = box.current;
    if (!b || !range || !done.current) return;
    const follows = scroll.follows.current;
    setStands(follows ? "end" : end && scroll.distanceToEnd() < b.clientHeight / 2 ? "near" : "far");
    if (attended()) {
      const seen = follows ? chat.seen : scroll.lastVisible();
      if (seen > chat.readUpTo) core.markRead(chat.id, seen);
    }
    if (!failed && b.scrollTop < nearEdge && range.from > 1) loadMore({ before: range.from });
    if (!failed && !end && scroll.distanceToEnd() < nearEdge) loadMore({ after: range.to });
    trimAround(follows ? range.messages.at(-1)?.seq : scroll.position()?.seq, follows);
  }, [chat, range, end, core, scroll, loadMore, trimAround, !!failed]);
  useEffect(attend, [attend]);
  useEffect(() => {
    addEventListener("focus", attend);
    document.addEventListener("visibilitychange", attend);
    return () => {
      removeEventListener("focus", attend);
      document.removeEventListener("visibilitychange", attend);
    };
  }, [attend]);
  useEffect(() => { // what came while nobody was here
    if (chat.unread > 0 && !attended()) setNews((n) => (n?.after === chat.readUpTo ? n : { after: chat.readUpTo, count: 0 }));
  }, [chat.unread > 0]);

  // One's own send goes to the end; what an earlier page left unsent does not.
  const wrote = useRef(core.clock.now());
  useEffect(() => {
    const newest = Math.max(0, ...pending.map((p) => p.at));
    if (newest > wrote.current && (target || !scroll.follows.current)) toEnd();
    wrote.current = Math.max(newest, wrote.current);
  }, [pending]);

  function toEnd() {
    lookAt({ at: "end", offset: 0 });
    if (target) navigate(paths.chat(chat.id), { replace: true });
  }
  function markRead() {
    setBar(undefined);
    core.markRead(chat.id, chat.seen);
  }
  const focusOn = (seq: Seq) => box.current?.querySelector<HTMLElement>(`li[data-seq="${seq}"]`)?.focus({ preventScroll: true });

  const scrolling = useRef<ReturnType<typeof setTimeout>>(undefined);
  const passing = useRef<Seq>(undefined); // under the pointer while the list moves: it gets no tools before that rests
  const all = useMemo((): MessageActions => ({
    ...actions,
    jump: (seq) => {
      note();
      if (seq === target) lookAt(messageTarget(seq));
      else actions.jump(seq);
    },
    hover: (seq) => {
      passing.current = seq;
      if (scrolling.current === undefined) all.activate(seq);
    },
    activate: (seq, held = false) => setActive((a) => (seq === undefined ? undefined : a?.menu && !held ? a : { seq, menu: held })),
  }), [actions, note, target, lookAt]);
  const press = useRef<ReturnType<typeof setTimeout>>(undefined);
  const seqOf = (e: { target: EventTarget }) => Number((e.target as Element).closest<HTMLElement>("li[data-seq]")?.dataset["seq"] ?? 0);

  function onKeyDown(e: KeyboardEvent) {
    const on = e.target as HTMLElement;
    if (on !== box.current && !on.matches("li[data-seq]")) return;
    if (e.key === "ArrowUp" || e.key === "ArrowDown") {
      const list = [...box.current!.querySelectorAll<HTMLElement>("li[data-seq]")];
      const at = list.indexOf(on);
      if (at < 0) focusOn(scroll.lastVisible());
      else list[at + (e.key === "ArrowUp" ? -1 : 1)]?.focus();
      e.preventDefault();
    } else if (e.key === "End") {
      toEnd();
      e.preventDefault();
    } else if ((e.key === "Enter" || e.key === "ContextMenu") && seqOf(e)) {
      e.preventDefault();
      setActive({ seq: seqOf(e), menu: true });
    }
  }
  function onPointerDown(e: PointerEvent) {
    const seq = seqOf(e);
    if (e.pointerType !== "touch" || !seq) return;
    press.current = setTimeout(() => setActive({ seq, menu: true }), longPressMs);
  }
  const noPress = () => clearTimeout(press.current);
  /** Who goes to another row while the list moves leaves the tools of the first. */
  function onPointerMove(e: PointerEvent) {
    noPress();
    if (scrolling.current !== undefined && e.pointerType === "mouse") setActive((a) => (a && !a.menu && a.seq !== seqOf(e) ? undefined : a));
  }

  useEffect(() => () => clearTimeout(scrolling.current), []);
  const toolsAfter = useCallback((ms: number) => {
    clearTimeout(scrolling.current);
    scrolling.current = setTimeout(() => {
      scrolling.current = undefined;
      if (passing.current !== undefined) all.activate(passing.current);
    }, ms);
  }, [all]);
  const steady = useMisclickGuard(box, rows, useCallback(() => toolsAfter(misclickMs), [toolsAfter]), scroll.hold);
  function onScroll() {
    scroll.scrolled();
    attend();
    if (scroll.follows.current) return; // that is the chat moving, not its reader
    steady.scrolled();
    toolsAfter(scrolledMs);
  }

  // Not gone through with each message that comes where one does not look.
  const log = useMemo(() => (
    <ol>
      {failed && <li className="whole"><p className="fault" role="alert">{t.conversation.loadFailed}</p><Button onPress={failed}>{t.conversation.again}</Button></li>}
      {!range && !failed && <li className="whole hint" role="status">{t.conversation.loading}</li>}
      {range?.from === 1 && <li className="whole hint">{range.messages.length || pending.length ? t.conversation.begin : t.conversation.empty}</li>}
      {rows.map((r) => {
        switch (r.kind) {
          case "day": return <li key={r.key} className="day">{dayName(r.at, today)}</li>;
          case "divider": return <li key={r.key} className="divider">{t.conversation.newHere}</li>;
          case "pending": return <PendingRow key={r.key} pending={r.pending} first={r.first} onEdit={onEditPending} />;
          case "message": {
            const { seq, by } = r.message;
            return <MessageRow key={r.key} message={r.message} user={userOf(core.published.state, by)} first={r.first} marked={target === seq} editing={editing?.seq === seq && (editing.resumed ? "resumed" : "now")} active={active?.seq === seq && (active.menu ? "menu" : "tools")} actions={all} />;
          }
        }
      })}
    </ol>
  ), [rows, range?.from, !range, failed, pending, users, target, editing, active, all, today, onEditPending]);

  return (
    <div className="list">
      {bar && chat.unread > 0 && (
        <div className="bar">
          <Button look="plain" onPress={() => news && lookAt(messageTarget(news.after + 1))}>{t.conversation.newSince(bar.count, shortTime(bar.since, today))}</Button>
          <Button look="plain" onPress={markRead}>{t.conversation.markRead}</Button>
        </div>
      )}
      <div className="scroller" ref={box} tabIndex={0} role="region" aria-label={t.conversation.messages} onScroll={onScroll} onKeyDown={onKeyDown} onPointerDown={onPointerDown} {...steady.handlers}
        onPointerMove={onPointerMove} onPointerUp={noPress} onPointerCancel={noPress} onPointerLeave={() => {
          passing.current = undefined;
          setActive((a) => (a?.menu ? a : undefined));
        }}
        onFocus={(e) => seqOf(e) && setActive((a) => (a?.seq === seqOf(e) ? a : { seq: seqOf(e), menu: false }))}
        onCopy={(e) => {
          const text = selectionText(e.currentTarget, range?.messages ?? [], core.snapshot.state);
          if (text === undefined) return;
          e.clipboardData.setData("text/plain", text);
          e.preventDefault();
        }}>
        {log}
      </div>
      {range && (stands === "far" || (stands === "near" && chat.unread > 0)) && <Button className={() => "button pill"} onPress={toEnd}><Icon name="down" /> {t.conversation.newBelow(chat.unread)}</Button>}
      <LiveRegion chat={chat} />
      {editing && range && !range.messages.some((m) => m.seq === editing.seq) && (
        <div className="unfinished">
          <span>{t.conversation.unfinished}</span>
          <Button look="plain" onPress={() => { actions.edit(editing.seq); all.jump(editing.seq); }}>{t.conversation.showEdit}</Button>
        </div>
      )}
    </div>
  );
}
