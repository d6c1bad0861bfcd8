import { type KeyboardEvent, type PointerEvent, useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from "react";
import { navigate, paths } from "../app/route.ts";
import { useCore, useSnapshot } from "../app/useCore.ts";
import type { Chat } from "../core/chat.ts";
import type { Pending } from "../core/outbox.ts";
import { atEnd, pendingOf, userOf } from "../core/select.ts";
import type { Seq } from "../core/wire.ts";
import { t } from "../strings/index.ts";
import { Button } from "../ui/Button.tsx";
import { Icon } from "../ui/Icon.tsx";
import { dayName, shortTime, useToday } from "../ui/Time.tsx";
import { copied } from "./copied.ts";
import { PendingRow } from "./PendingRow.tsx";
import { type Deeds, Row } from "./Row.tsx";
import { rowsOf } from "./rows.ts";
import { Spoken } from "./Spoken.tsx";
import { type Look, lookFor, useLook } from "./useLook.ts";
import { useNotes } from "./useNotes.ts";
import { usePages } from "./usePages.ts";
import { useScroll } from "./useScroll.ts";
import { steadyMs, useSteady } from "./useSteady.ts";

const nearEdge = 1600; // px from an edge at which its next page is asked for
const longPressMs = 450;
const scrolledMs = 100; // without a scroll, until the tools of what stands under the pointer come

interface Props {
  chat: Chat;
  /** The message that the address names. */
  target?: Seq;
  editing: { readonly seq: Seq; readonly resumed?: boolean } | undefined;
  deeds: Omit<Deeds, "activate" | "hover">;
  onEditPending(p: Pending): void;
}

/** Somebody is before the page. */
const attended = () => document.hasFocus() && document.visibilityState === "visible";

export function List({ chat, target, editing, deeds, onEditPending }: Props) {
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
  const [look, lookAt] = useLook(chat, target);
  const { stretch, failed, more, keep } = usePages(chat, look);
  const end = !!stretch && atEnd(chat, stretch);
  const rows = useMemo(() => rowsOf(stretch?.messages ?? [], end || !stretch ? pending : [], me, news?.after), [stretch, end, pending, me, news]);
  const scroll = useScroll(box, rows, end);
  const note = useNotes(chat.id, box, scroll);

  const done = useRef<Look>(undefined); // the look that was followed
  useLayoutEffect(() => {
    if (!look) return;
    if (!stretch) { // what was in sight is held no longer: load it anew
      const p = scroll.place();
      if (done.current === look) lookAt(p && !scroll.follows.current ? { at: p.seq, offset: p.offset } : { at: "end", offset: 0 });
      return;
    }
    if (done.current === look) return;
    const first = !done.current;
    done.current = look;
    const { at } = look;
    const near = at === "end" ? undefined : (stretch.messages.find((m) => m.seq >= at) ?? stretch.messages.at(-1));
    if (near) scroll.toRow(near.seq, look.offset);
    else scroll.toEnd();
    note(); // a reload may come before a scroll would
    if (near && near.seq === target && document.activeElement === document.body) focusOn(near.seq); // what led here is no longer there
    const since = first && news && stretch.messages.find((m) => m.seq > news.after && m.by !== me)?.at;
    if (since && !scroll.follows.current) setBar({ count: news.count, since });
  }, [look, stretch, note]);

  const attend = useCallback(() => {
    const b = box.current;
    if (!b || !stretch || !done.current) return;
    const follows = scroll.follows.current;
    setStands(follows ? "end" : end && scroll.left() < b.clientHeight / 2 ? "near" : "far");
    if (attended()) {
      const seen = follows ? chat.seen : scroll.lastInSight();
      if (seen > chat.readUpTo) core.read(chat.id, seen);
    }
    if (!failed && b.scrollTop < nearEdge && stretch.from > 1) more({ before: stretch.from });
    if (!failed && !end && scroll.left() < nearEdge) more({ after: stretch.to });
    keep(follows ? stretch.messages.at(-1)?.seq : scroll.place()?.seq, follows);
  }, [chat, stretch, end, core, scroll, more, keep, !!failed]);
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
    core.read(chat.id, chat.seen);
  }
  const focusOn = (seq: Seq) => box.current?.querySelector<HTMLElement>(`li[data-seq="${seq}"]`)?.focus({ preventScroll: true });

  const scrolling = useRef<ReturnType<typeof setTimeout>>(undefined);
  const passing = useRef<Seq>(undefined); // under the pointer while the list moves: it gets no tools before that rests
  const all = useMemo((): Deeds => ({
    ...deeds,
    jump: (seq) => {
      note();
      if (seq === target) lookAt(lookFor(seq));
      else deeds.jump(seq);
    },
    hover: (seq) => {
      passing.current = seq;
      if (scrolling.current === undefined) all.activate(seq);
    },
    activate: (seq, held = false) => setActive((a) => (seq === undefined ? undefined : a?.menu && !held ? a : { seq, menu: held })),
  }), [deeds, note, target, lookAt]);
  const press = useRef<ReturnType<typeof setTimeout>>(undefined);
  const seqOf = (e: { target: EventTarget }) => Number((e.target as Element).closest<HTMLElement>("li[data-seq]")?.dataset["seq"] ?? 0);

  function onKeyDown(e: KeyboardEvent) {
    const on = e.target as HTMLElement;
    if (on !== box.current && !on.matches("li[data-seq]")) return;
    if (e.key === "ArrowUp" || e.key === "ArrowDown") {
      const list = [...box.current!.querySelectorAll<HTMLElement>("li[data-seq]")];
      const at = list.indexOf(on);
      if (at < 0) focusOn(scroll.lastInSight());
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
  const steady = useSteady(box, rows, useCallback(() => toolsAfter(steadyMs), [toolsAfter]), scroll.hold);
  function onScroll() {
    scroll.note();
    attend();
    if (scroll.follows.current) return; // that is the chat moving, not its reader
    steady.scrolled();
    toolsAfter(scrolledMs);
  }

  // Not gone through with each message that comes where one does not look.
  const log = useMemo(() => (
    <ol>
      {failed && <li className="whole"><p className="fault" role="alert">{t.talk.loadFailed}</p><Button onPress={failed}>{t.talk.again}</Button></li>}
      {!stretch && !failed && <li className="whole hint" role="status">{t.talk.loading}</li>}
      {stretch?.from === 1 && <li className="whole hint">{stretch.messages.length || pending.length ? t.talk.begin : t.talk.empty}</li>}
      {rows.map((r) => {
        switch (r.kind) {
          case "day": return <li key={r.key} className="day">{dayName(r.at, today)}</li>;
          case "divider": return <li key={r.key} className="divider">{t.talk.newHere}</li>;
          case "pending": return <PendingRow key={r.key} pending={r.pending} first={r.first} onEdit={onEditPending} />;
          case "message": {
            const { seq, by } = r.message;
            return <Row key={r.key} message={r.message} user={userOf(core.told.state, by)} first={r.first} marked={target === seq} editing={editing?.seq === seq && (editing.resumed ? "resumed" : "now")} active={active?.seq === seq && (active.menu ? "menu" : "tools")} deeds={all} />;
          }
        }
      })}
    </ol>
  ), [rows, stretch?.from, !stretch, failed, pending, users, target, editing, active, all, today, onEditPending]);

  return (
    <div className="list">
      {bar && chat.unread > 0 && (
        <div className="bar">
          <Button look="plain" onPress={() => news && lookAt(lookFor(news.after + 1))}>{t.talk.newSince(bar.count, shortTime(bar.since, today))}</Button>
          <Button look="plain" onPress={markRead}>{t.talk.markRead}</Button>
        </div>
      )}
      <div className="scroller" ref={box} tabIndex={0} role="region" aria-label={t.talk.messages} onScroll={onScroll} onKeyDown={onKeyDown} onPointerDown={onPointerDown} {...steady.handlers}
        onPointerMove={onPointerMove} onPointerUp={noPress} onPointerCancel={noPress} onPointerLeave={() => {
          passing.current = undefined;
          setActive((a) => (a?.menu ? a : undefined));
        }}
        onFocus={(e) => seqOf(e) && setActive((a) => (a?.seq === seqOf(e) ? a : { seq: seqOf(e), menu: false }))}
        onCopy={(e) => {
          const text = copied(e.currentTarget, stretch?.messages ?? [], core.snapshot.state);
          if (text === undefined) return;
          e.clipboardData.setData("text/plain", text);
          e.preventDefault();
        }}>
        {log}
      </div>
      {stretch && (stands === "far" || (stands === "near" && chat.unread > 0)) && <Button className={() => "button pill"} onPress={toEnd}><Icon name="down" /> {t.talk.newBelow(chat.unread)}</Button>}
      <Spoken chat={chat} />
      {editing && stretch && !stretch.messages.some((m) => m.seq === editing.seq) && (
        <div className="unfinished">
          <span>{t.talk.unfinished}</span>
          <Button look="plain" onPress={() => { deeds.edit(editing.seq); all.jump(editing.seq); }}>{t.talk.showEdit}</Button>
        </div>
      )}
    </div>
  );
}
