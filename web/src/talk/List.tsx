import { type ClipboardEvent, type KeyboardEvent, type PointerEvent, useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from "react";
import { useCore, useSnapshot } from "../app/useCore.ts";
import type { Chat } from "../core/chat.ts";
import type { Pending } from "../core/outbox.ts";
import { atEnd, pendingOf, userOf } from "../core/select.ts";
import type { Seq } from "../core/wire.ts";
import { t } from "../strings/index.ts";
import { Button } from "../ui/Button.tsx";
import { Icon } from "../ui/Icon.tsx";
import { clockTime, exactTime, useToday } from "../ui/Time.tsx";
import { PendingRow } from "./PendingRow.tsx";
import { type Deeds, Row } from "./Row.tsx";
import { rowsOf } from "./rows.ts";
import { usePages } from "./usePages.ts";
import { useScroll } from "./useScroll.ts";

const nearEdge = 800; // px from an edge at which its next page is asked for
const longPressMs = 450;
const restMs = 300; // without scrolling, until the place is noted
const dayName = new Intl.DateTimeFormat(undefined, { weekday: "long", day: "numeric", month: "long" });

interface Props {
  chat: Chat;
  /** The message that the address names. */
  target?: Seq;
  editing: Seq | undefined;
  deeds: Omit<Deeds, "activate">;
  onEditPending(p: Pending): void;
}

export function List({ chat, target, editing, deeds, onEditPending }: Props) {
  const core = useCore();
  const me = useSnapshot((s) => s.state.me?.id ?? "");
  const allPending = useSnapshot((s) => s.pending);
  const pending = useMemo(() => pendingOf(allPending, chat.id), [allPending, chat.id]);
  useToday(); // the days between messages move at midnight
  const [opened] = useState(() => ({ divider: chat.unread > 0 ? chat.readUpTo : undefined, unread: chat.unread, at: core.clock.now() }));
  const [bar, setBar] = useState(opened.unread > 0);
  const [marked, setMarked] = useState<Seq>();
  const [active, setActive] = useState<{ seq: Seq; menu: boolean }>();
  const [below, setBelow] = useState(0);
  const { stretch, place, failed, load, lookAt, keep } = usePages(chat, target ?? (opened.divider === undefined ? undefined : Math.max(1, opened.divider)));
  const end = !!stretch && atEnd(chat, stretch);
  const rows = useMemo(() => rowsOf(stretch?.messages ?? [], end ? pending : [], me, opened.divider), [stretch, end, pending, me, opened]);

  const box = useRef<HTMLDivElement>(null);
  const scroll = useScroll(box, rows);
  const placed = useRef<Seq | "none">(undefined);
  const bottom = useRef<Seq>(0);

  useLayoutEffect(() => {
    if (!stretch || placed.current === (target ?? "none")) return;
    placed.current = target ?? "none";
    if (target) {
      const near = stretch.messages.findLast((m) => m.seq <= target) ?? stretch.messages[0];
      if (near && scroll.toRow(`[data-seq="${near.seq}"]`, (box.current?.clientHeight ?? 0) / 3)) return setMarked(near.seq);
    }
    if (opened.divider !== undefined && scroll.toRow(".divider")) return;
    if (place && scroll.toRow(`[data-seq="${place.seq}"]`, place.offset)) return;
    scroll.toEnd();
  }, [stretch, target]);

  const look = useCallback(() => {
    const b = box.current;
    if (!b || !stretch) return;
    const last = stretch.messages.at(-1)?.seq ?? 0;
    if (scroll.follows.current && end) bottom.current = last;
    setBelow(stretch.messages.filter((m) => m.seq > bottom.current && m.by !== me).length);
    if (document.hasFocus() && document.visibilityState === "visible") {
      const seen = scroll.follows.current && end ? chat.seen : scroll.lastInSight();
      if (seen > chat.readUpTo) core.read(chat.id, seen);
    }
    if (b.scrollTop < nearEdge && stretch.from > 1) load({ before: stretch.from });
    if (b.scrollHeight - b.clientHeight - b.scrollTop < nearEdge && !end) load({ after: stretch.to });
    keep(scroll.place()?.seq, scroll.follows.current && end);
  }, [chat, stretch, end, me, core, load, keep]);
  useEffect(look, [look]);
  useEffect(() => {
    addEventListener("focus", look);
    document.addEventListener("visibilitychange", look);
    return () => {
      removeEventListener("focus", look);
      document.removeEventListener("visibilitychange", look);
    };
  }, [look]);
  useEffect(() => {
    const b = box.current;
    let rest: ReturnType<typeof setTimeout> | undefined;
    const save = () => {
      clearTimeout(rest);
      const p = scroll.place();
      if (p && placed.current !== undefined) core.storage?.savePlace(chat.id, p).catch(() => {});
    };
    const later = () => {
      clearTimeout(rest);
      rest = setTimeout(save, restMs);
    };
    b?.addEventListener("scroll", later, { passive: true });
    addEventListener("pagehide", save);
    return () => {
      b?.removeEventListener("scroll", later);
      removeEventListener("pagehide", save);
      save();
    };
  }, [core, chat.id]);

  // One's own send goes to the end.
  const sent = useRef(pending.length);
  useEffect(() => {
    if (pending.length > sent.current) toEnd();
    sent.current = pending.length;
  }, [pending.length]);

  function toEnd() {
    if (end) scroll.toEnd();
    else {
      placed.current = "none";
      lookAt("end");
      requestAnimationFrame(() => scroll.toEnd());
    }
  }
  function markRead() {
    setBar(false);
    core.read(chat.id, chat.seen);
  }

  const all = useMemo((): Deeds => ({ ...deeds, activate: (seq, held = false) => setActive((a) => (seq === undefined ? undefined : a?.menu && !held ? a : { seq, menu: held })) }), [deeds]);
  const press = useRef<ReturnType<typeof setTimeout>>(undefined);
  const seqOf = (e: { target: EventTarget }) => Number((e.target as Element).closest<HTMLElement>("li[data-seq]")?.dataset["seq"] ?? 0);

  function onKeyDown(e: KeyboardEvent) {
    const on = e.target as HTMLElement;
    if (e.key === "Escape") return markRead();
    if (on !== box.current && !on.matches("li[data-seq]")) return;
    if (e.key === "ArrowUp" || e.key === "ArrowDown") {
      const list = [...box.current!.querySelectorAll<HTMLElement>("li[data-seq]")];
      const at = list.indexOf(on);
      (at < 0 ? list.at(-1) : list[at + (e.key === "ArrowUp" ? -1 : 1)])?.focus();
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

  return (
    <div className="list">
      {bar && <div className="bar"><span>{t.talk.newSince(opened.unread, clockTime(stretch?.messages.find((m) => m.seq > (opened.divider ?? 0))?.at ?? opened.at))}</span><Button look="plain" onPress={markRead}>{t.talk.markRead}</Button></div>}
      <div className="scroller" ref={box} tabIndex={0} role="region" aria-label={t.talk.messages} onScroll={look} onKeyDown={onKeyDown} onPointerDown={onPointerDown}
        onPointerMove={noPress} onPointerUp={noPress} onPointerCancel={noPress} onPointerLeave={() => setActive((a) => (a?.menu ? a : undefined))}
        onFocus={(e) => seqOf(e) && setActive((a) => (a?.seq === seqOf(e) ? a : { seq: seqOf(e), menu: false }))} onCopy={(e) => copyRows(e, core)}>
        <ol>
          {failed && <li className="whole"><p className="fault" role="alert">{t.talk.loadFailed}</p><Button onPress={failed}>{t.talk.again}</Button></li>}
          {!stretch && !failed && <li className="whole hint" role="status">{t.talk.loading}</li>}
          {stretch?.from === 1 && <li className="whole hint">{stretch.messages.length || pending.length ? t.talk.begin : t.talk.empty}</li>}
          {rows.map((r) => {
            switch (r.kind) {
              case "day": return <li key={r.key} className="day" title={exactTime(r.at)}>{dayName.format(r.at)}</li>;
              case "divider": return <li key={r.key} className="divider">{t.talk.newHere}</li>;
              case "pending": return <PendingRow key={r.key} pending={r.pending} first={r.first} onEdit={onEditPending} />;
              case "message": {
                const { seq } = r.message;
                return <Row key={r.key} message={r.message} first={r.first} marked={marked === seq} editing={editing === seq} active={active?.seq === seq && (active.menu ? "menu" : "tools")} deeds={all} />;
              }
            }
          })}
        </ol>
      </div>
      {(below > 0 || (stretch && !end)) && <Button className={() => "button pill"} onPress={toEnd}><Icon name="down" /> {t.talk.newBelow(below)}</Button>}
      <Spoken chat={chat} />
    </div>
  );
}

/** Speaks what somebody else says just now, and nothing that was only loaded. */
function Spoken({ chat }: { chat: Chat }) {
  const name = useSnapshot((s) => (chat.last ? userOf(s.state, chat.last.by).name : ""));
  const mine = useSnapshot((s) => s.state.me?.id === chat.last?.by);
  const [from] = useState(chat.seen);
  const said = chat.last && chat.last.seq > from && !mine && !chat.last.deletedAt ? `${name}: ${chat.last.text.slice(0, 500)}` : "";
  return <div className="sr" role="log" aria-live="polite">{said}</div>;
}

/** Several messages are copied with name and time. */
function copyRows(e: ClipboardEvent, core: ReturnType<typeof useCore>): void {
  const range = getSelection()?.rangeCount ? getSelection()!.getRangeAt(0) : undefined;
  const rows = range ? [...e.currentTarget.querySelectorAll<HTMLElement>("li[data-seq]")].filter((r) => range.intersectsNode(r)) : [];
  if (rows.length < 2) return;
  const wanted = new Set(rows.map((r) => Number(r.dataset["seq"])));
  const { state } = core.snapshot;
  const held = [...state.chats.values()].flatMap((c) => (location.pathname.includes(c.id) ? (c.timeline ?? []) : [])).flatMap((s) => s.messages).filter((m) => wanted.has(m.seq));
  e.clipboardData.setData("text/plain", held.map((m) => `${userOf(state, m.by).name}, ${exactTime(m.at)}:\n${m.text}`).join("\n\n"));
  e.preventDefault();
}
