import { type ClipboardEvent, useCallback, useEffect, useEffectEvent, useMemo, useRef, useState } from "react";
import { navigate, paths, threadOfAddress } from "../app/route.ts";
import { useCore, useSnapshot } from "../app/useCore.ts";
import type { Chat } from "../core/chatModel.ts";
import type { Pending } from "../core/outbox.ts";
import { atEnd, pendingOf } from "../core/selectors.ts";
import type { Seq } from "../core/wire.ts";
import { t } from "../strings/index.ts";
import { Button } from "../ui/Button.tsx";
import { Icon } from "../ui/Icon.tsx";
import { shortTime, useToday } from "../ui/Time.tsx";
import { attempt } from "../ui/Toast.tsx";
import { focusComposer } from "../composer/useTextField.ts";
import { selectionText } from "./copySelection.ts";
import { LiveRegion } from "./LiveRegion.tsx";
import { type Editing, MessageLog } from "./MessageLog.tsx";
import type { MessageActions } from "./messageActions.ts";
import { buildRows, countReplies } from "./rows.ts";
import { useActiveMessage } from "./useActiveMessage.ts";
import { useLines } from "./useLines.ts";
import { useFollowTarget } from "./useFollowTarget.ts";
import { focusMessage, useMessageKeys } from "./useMessageKeys.ts";
import { misclickMs, useMisclickGuard } from "./useMisclickGuard.ts";
import { usePagination } from "./usePagination.ts";
import { useSavedPosition } from "./useSavedPosition.ts";
import { useScrollAnchor } from "./useScrollAnchor.ts";
import { messageTarget, useScrollTarget } from "./useScrollTarget.ts";
import { useUnread } from "./useUnread.ts";
import { type Distance, useViewport } from "./useViewport.ts";

const scrolledMs = 100; // after the last scroll the message under the pointer gets its toolbar

interface Props {
  chat: Chat;
  title: string;
  /** The message that the address names. */
  target?: Seq;
  editing: Editing | undefined;
  actions: Omit<MessageActions, "activate" | "hover">;
  onEditPending: (p: Pending) => void;
}

export function MessageList({ chat, title, target, editing, actions, onEditPending }: Props) {
  const core = useCore();
  const me = useSnapshot((s) => s.state.me?.id ?? "");
  const users = useSnapshot((s) => s.state.users); // for all rows: one subscription in place of hundreds
  const pending = usePendingRows(chat);
  const today = useToday();
  const [distance, setDistance] = useState<Distance>("end");
  const unread = useUnread(chat, distance !== "end");
  const [bar, setBar] = useState<{ count: number; since: number }>(); // unread messages above the view
  if (bar && chat.unread === 0) setBar(undefined); // it would come back with each new message until that is read

  const scrollerRef = useRef<HTMLDivElement>(null);
  const [scrollTarget, setScrollTarget] = useScrollTarget(chat, target);
  const pages = usePagination(chat, scrollTarget);
  const { range, failed } = pages;
  const end = !!range && atEnd(chat, range);
  const lines = useLines(chat, range);
  const rows = useMemo(() => buildRows(range?.messages ?? [], end || !range ? pending : [], me, unread?.after, lines), [range, end, pending, me, unread, lines]);
  const replies = useMemo(() => countReplies(range?.messages ?? []), [range]);
  const scroll = useScrollAnchor(scrollerRef, rows, end);
  const savePosition = useSavedPosition(chat.id, scrollerRef, scroll);
  const ready = useFollowTarget(scrollTarget, range, scroll, {
    setScrollTarget,
    onArrive(range, near, first) {
      savePosition(); // a reload may come before a scroll would
      if (near && near.seq === target && document.activeElement === document.body) focusMessage(scrollerRef.current, near.seq); // the link that led here is gone
      const since = first && unread && range.messages.find((m) => m.seq > unread.after && m.by !== me)?.at;
      if (since && !scroll.follows.current) setBar({ count: unread.count, since });
    },
  });
  const updateViewport = useViewport(chat, scrollerRef, scroll, pages, ready, setDistance);

  const toEnd = useCallback(() => {
    setScrollTarget({ at: "end", offset: 0 });
    if (target) navigate(paths.chat(chat.id, undefined, threadOfAddress()), { replace: true });
  }, [chat.id, target, setScrollTarget]);
  useOwnMessages(pending, () => !document.activeElement?.closest(".thread-panel") && (target || !scroll.follows.current) && toEnd());

  const { active, activate, hover, moved, handlers } = useActiveMessage();
  const rowActions = useMemo((): MessageActions => ({
    ...actions,
    jump: (seq) => {
      savePosition();
      if (seq === target) setScrollTarget(messageTarget(seq));
      else actions.jump(seq);
    },
    hover,
    activate,
  }), [actions, savePosition, target, setScrollTarget, hover, activate]);
  const guard = useMisclickGuard(scrollerRef, rows, useCallback(() => moved(misclickMs), [moved]), scroll.hold);
  const onKeyDown = useMessageKeys(scrollerRef, { lastVisible: scroll.lastVisible, toEnd, openMenu: (seq) => activate(seq, true), markUnread: (seq) => attempt(() => core.changeMine(chat.id, { unreadFrom: seq })) });

  function onScroll() {
    scroll.scrolled();
    updateViewport();
    if (scroll.follows.current) return; // the chat moved, not its reader
    guard.scrolled();
    moved(scrolledMs);
  }
  function onCopy(e: ClipboardEvent) {
    const text = selectionText(e.currentTarget, range?.messages ?? [], core.store.snapshot.state);
    if (text === undefined) return;
    e.clipboardData.setData("text/plain", text);
    e.preventDefault();
  }
  function markRead() {
    setBar(undefined);
    core.markRead(chat.id, chat.seen);
    stayHere();
  }
  /** The pressed button disappears: the focus goes on in the conversation. */
  function stayHere() {
    scrollerRef.current?.focus({ preventScroll: true });
    focusComposer(chat.id);
  }
  const head = failed ? "failed" : !range ? "loading" : range.from !== 1 ? undefined : range.messages.length || pending.length ? "beginning" : "empty";

  return (
    <div className="message-list">
      {bar && (
        <div className="message-list-bar">
          <Button look="plain" onPress={() => unread && setScrollTarget(messageTarget(unread.after + 1))}>{t.conversation.newSince(bar.count, shortTime(bar.since, today))}</Button>
          <Button look="plain" onPress={markRead}>{t.conversation.markRead}</Button>
        </div>
      )}
      <div className="message-scroller" ref={scrollerRef} tabIndex={0} role="region" aria-label={t.conversation.messages} onScroll={onScroll} onKeyDown={onKeyDown} onCopy={onCopy} {...handlers} {...guard.handlers}>
        <MessageLog rows={rows} start={chat.kind === "direct" ? t.conversation.startWith(title) : t.conversation.startOf(title)} head={head} replies={replies} moreReplies={!end} onRetry={failed} users={users} me={me} today={today} target={target} editing={editing} active={active} actions={rowActions} onEditPending={onEditPending} />
      </div>
      {range && (distance === "far" || (distance === "near" && chat.unread > 0)) && <Button className={() => "button message-list-pill"} onPress={() => { toEnd(); stayHere(); }}><Icon name="down" /> {t.conversation.newBelow(chat.unread)}</Button>}
      <LiveRegion chat={chat} />
      {editing && range && !range.messages.some((m) => m.seq === editing.seq) && (
        <div className="message-list-edit">
          <span>{t.conversation.unfinished}</span>
          <Button look="plain" onPress={() => { actions.edit(editing.seq); rowActions.jump(editing.seq); }}>{t.conversation.showEdit}</Button>
        </div>
      )}
    </div>
  );
}

/** The chat's unsent messages, with the server's times: so each keeps its place when it becomes a message. */
function usePendingRows(chat: Chat): readonly Pending[] {
  const core = useCore();
  const all = useSnapshot((s) => s.pending);
  return useMemo(() => pendingOf(all, chat.id).map((p) => ({ ...p, at: core.clock.at(p.at) })), [core, all, chat.id]);
}

/** Calls onOwn for each message that is written here from now on; what an earlier page left unsent does not count. */
function useOwnMessages(pending: readonly Pending[], onOwn: () => void): void {
  const { clock } = useCore();
  const newestRef = useRef<number>(undefined);
  const compare = useEffectEvent((pending: readonly Pending[]) => {
    const known = (newestRef.current ??= clock.now());
    const newest = Math.max(0, ...pending.map((p) => p.at));
    if (newest > known) onOwn();
    newestRef.current = Math.max(newest, known);
  });
  useEffect(() => compare(pending), [pending]);
}
