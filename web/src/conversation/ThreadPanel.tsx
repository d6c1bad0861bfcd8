import { type KeyboardEvent, type RefObject, useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from "react";
import { useCore, useSnapshot } from "../app/useCore.ts";
import { Composer } from "../composer/Composer.tsx";
import type { Chat } from "../core/chatModel.ts";
import { quoteOf } from "../core/message.ts";
import type { Pending } from "../core/outbox.ts";
import { pendingOf } from "../core/selectors.ts";
import type { Thread } from "../core/thread.ts";
import type { Quote, Seq } from "../core/wire.ts";
import { t } from "../strings/index.ts";
import { Button } from "../ui/Button.tsx";
import { Icon } from "../ui/Icon.tsx";
import { attempt } from "../ui/Toast.tsx";
import { useToday } from "../ui/Time.tsx";
import { type Editing, MessageLog } from "./MessageLog.tsx";
import type { MessageActions } from "./messageActions.ts";
import { buildRows } from "./rows.ts";
import { useActiveMessage } from "./useActiveMessage.ts";
import { useMessageKeys } from "./useMessageKeys.ts";

const nearEnd = 60; // px from the end at which new messages scroll the view

interface Props {
  chat: Chat;
  title: string;
  /** The first message of the thread. */
  root: Seq;
  onJump: MessageActions["jump"];
  onView: MessageActions["view"];
  onClose: () => void;
}

/** A thread of the chat: a message and all that reply to it, directly or through others. What is written here replies to its last message. */
export function ThreadPanel({ chat, title, root, onJump, onView, onClose }: Props) {
  const core = useCore();
  const me = useSnapshot((s) => s.state.me?.id ?? "");
  const users = useSnapshot((s) => s.state.users);
  const today = useToday();
  const { thread, state, load } = useThread(chat, root);
  const pending = usePendingReplies(chat, thread);
  const [reply, setReply] = useState<Quote>();
  const [editing, setEditing] = useState<Editing>();
  const [given, setGiven] = useState<Pending>();
  const panelRef = useRef<HTMLElement>(null), scrollerRef = useRef<HTMLDivElement>(null);
  const { active, activate, hover, handlers } = useActiveMessage();
  const rows = useMemo(() => buildRows(withoutOwnQuotes(thread), pending, me, undefined), [thread, pending, me]);
  const scrolled = useEndFollowed(scrollerRef, rows, pending.length, !!thread?.more);

  const focusField = useCallback(() => panelRef.current?.querySelector<HTMLElement>("[data-composer]")?.focus(), []);
  const actions = useMemo((): MessageActions => ({
    reply: (q) => {
      setReply(q);
      focusField();
    },
    edit: (seq) => {
      setEditing(seq === undefined ? undefined : { seq });
      if (seq === undefined) focusField();
    },
    jump: onJump,
    view: onView,
    hover,
    activate,
  }), [focusField, onJump, onView, hover, activate]);
  const quote = useSnapshot((s) => s.state.limits.quote);
  const lastMessage = thread?.messages.findLast((m) => !m.deletedAt) ?? thread?.messages.at(-1);
  const last = useMemo(() => lastMessage && quoteOf(lastMessage, quote), [lastMessage, quote]);
  const editLast = useCallback(() => {
    const own = core.store.snapshot.state.chats.get(chat.id)?.thread?.messages.findLast((m) => m.by === me && !m.deletedAt);
    if (own) setEditing({ seq: own.seq });
  }, [core, chat.id, me]);
  const composer = useMemo(() => <Composer chatId={chat.id} thread={{ root, last }} reply={reply} given={given} onReply={setReply} onEditLast={editLast} />, [chat.id, root, last, reply, given, editLast]);
  const lastVisible = () => thread?.messages.at(-1)?.seq ?? 0;
  const toEnd = () => scrollerRef.current?.scrollTo({ top: scrollerRef.current.scrollHeight });
  const onMessageKey = useMessageKeys(scrollerRef, { lastVisible, toEnd, openMenu: (seq) => activate(seq, true), markUnread: (seq) => attempt(() => core.changeMine(chat.id, { unreadFrom: seq })) });

  function onKeyDown(e: KeyboardEvent<HTMLElement>) { // events from portals do not count
    if (e.key !== "Escape" || e.defaultPrevented || !e.currentTarget.contains(e.target as Node)) return;
    e.preventDefault();
    onClose();
  }
  return (
    <aside className="thread-panel" ref={panelRef} aria-label={t.thread.title} onKeyDown={onKeyDown}>
      <header>
        <Button look="plain icon" className="button plain icon thread-back" aria-label={t.thread.back} onPress={onClose}><Icon name="back" /></Button>
        <div className="thread-names"><h2>{t.thread.title}</h2><p className="hint" dir="auto">{t.thread.in(title)}</p></div>
        <Button look="plain icon" className="button plain icon thread-close" aria-label={t.thread.close} onPress={onClose}><Icon name="close" /></Button>
      </header>
      <div className="message-scroller" ref={scrollerRef} tabIndex={0} role="region" aria-label={t.thread.messages} onScroll={scrolled} onKeyDown={onMessageKey} {...handlers}>
        <MessageLog rows={rows} head={thread ? undefined : state === "failed" ? "failed" : "loading"} onRetry={load} users={users} today={today} target={undefined} editing={editing} active={active} actions={actions} onEditPending={setGiven} />
        {thread?.more && <div className="thread-more">{state === "loading" ? <p className="hint" role="status">{t.thread.loading}</p> : <Button onPress={load}>{t.thread.loadMore}</Button>}{state === "failed" && <p className="error" role="alert">{t.conversation.loadFailed}</p>}</div>}
      </div>
      {composer}
    </aside>
  );
}

/** Loads the thread: its first page now, and again after the connection lost it; the next ones with load. */
function useThread(chat: Chat, root: Seq): { thread: Thread | undefined; state: "loading" | "loaded" | "failed"; load: () => void } {
  const core = useCore();
  const thread = chat.thread?.root === root ? chat.thread : undefined;
  const loaded = !!thread;
  const [state, setState] = useState<"loading" | "loaded" | "failed">("loading");
  const load = useCallback(() => {
    setState("loading");
    core.loadThread(chat.id, root).then(() => setState("loaded"), () => setState("failed"));
  }, [core, chat.id, root]);
  useEffect(() => {
    if (!loaded) core.loadThread(chat.id, root).then(() => setState("loaded"), () => setState("failed"));
  }, [core, chat.id, root, loaded]);
  useEffect(() => () => core.closeThread(chat.id, root), [core, chat.id, root]);
  return { thread, state, load };
}

/** Returns the unsent messages that reply to one of the thread. */
function usePendingReplies(chat: Chat, thread: Thread | undefined): readonly Pending[] {
  const core = useCore();
  const all = useSnapshot((s) => s.pending);
  return useMemo(() => {
    const seqs = new Set(thread?.messages.map((m) => m.seq));
    return pendingOf(all, chat.id).filter((p) => p.reply && seqs.has(p.reply.seq)).map(({ reply: _, ...p }) => ({ ...p, at: core.clock.at(p.at) }));
  }, [core, all, chat.id, thread]);
}

/** Returns the messages without the quotes of the message above and of the first one: both can be seen. */
function withoutOwnQuotes(thread: Thread | undefined): Thread["messages"] {
  return thread?.messages.map((m, i, all) => (m.reply && (m.reply.seq === thread.root || m.reply.seq === all[i - 1]?.seq) ? { ...m, reply: undefined } : m)) ?? [];
}

/** Keeps the end in view while it is, and shows what is written here; more: the end is not loaded. Returns the handler of scrolls. */
function useEndFollowed(scrollerRef: RefObject<HTMLElement | null>, rows: readonly unknown[], pending: number, more: boolean): () => void {
  const followsRef = useRef(true);
  const pendingRef = useRef(pending), moreRef = useRef(false);
  useLayoutEffect(() => {
    const box = scrollerRef.current;
    if (more || moreRef.current) followsRef.current = false; // a further page leaves the view where it is
    if (pending > pendingRef.current) followsRef.current = true;
    pendingRef.current = pending;
    moreRef.current = more;
    if (box && followsRef.current) box.scrollTop = box.scrollHeight;
  }, [scrollerRef, rows, pending, more]);
  return useCallback(() => {
    const box = scrollerRef.current;
    if (box) followsRef.current = box.scrollHeight - box.scrollTop - box.clientHeight < nearEnd;
  }, [scrollerRef]);
}
