import { memo, useEffect, useRef } from "react";
import { paths } from "../app/route.ts";
import { useCore, useSnapshot } from "../app/useCore.ts";
import type { Chat } from "../core/chatModel.ts";
import type { LoadedMessage } from "../core/message.ts";
import { pictureOf, pictureUrl, rangeOf, titleOf, unknownName, unreadOf, userOf } from "../core/selectors.ts";
import type { Core } from "../core/core.ts";
import type { State } from "../core/state.ts";
import { messageAt } from "../core/timeline.ts";
import type { ChatId, Seq } from "../core/wire.ts";
import { t } from "../strings/index.ts";
import { messagePreview } from "../strings/preview.ts";
import { isolate } from "../strings/isolate.ts";
import { Button } from "../ui/Button.tsx";
import { badge } from "./badge.ts";
import { decide, levelOf, type NoReason } from "./decide.ts";
import { usePermission } from "./permission.ts";
import { pushSupport, syncPush, turnOnPush } from "./push.ts";
import "./notifications.css";

const n = t.notifications;

/** The unread count in the title and on the icon, and notifications while the page is not attended. */
export function Notifications() {
  const unread = useSnapshot((s) => unreadOf(s.state).messages);
  useEffect(() => badge(unread), [unread]);
  useEffect(() => () => badge(0), []);
  const core = useCore();
  useEffect(() => void syncPush(core).catch(() => {}), [core]); // tried again at the next start
  const [permission, set] = usePermission();
  useNotifications(permission === "on");
  return permission === "unasked" ? <PermissionPrompt answer={set} /> : null;
}

/** Asks for permission once, after the first direct message from another user. It is part of the layout and covers nothing. */
const PermissionPrompt = memo(function PermissionPrompt({ answer }: { answer: (yes: boolean) => Promise<void> }) {
  const core = useCore();
  const turnOn = async () => {
    await answer(true);
    if (pushSupport() === "supported" && Notification.permission === "granted") await turnOnPush(core);
  };
  const direct = useSnapshot((s) => [...s.state.chats.values()].some((c) => c.kind === "direct" && c.last && c.last.by !== s.state.me?.id));
  if (!direct) return null;
  return (
    <div className="permission-prompt" role="region" aria-label={n.ask}>
      <p>{n.ask}</p>
      <div className="row"><Button look="main" onPress={() => void turnOn().catch(() => {})}>{n.turnOn}</Button><Button onPress={() => void answer(false)}>{n.notNow}</Button></div>
    </div>
  );
});

/** What the service worker shows. tag: the chat's id; chats: those that a summary tells of. */
interface Notice { readonly title: string; readonly text: string; readonly tag: string; readonly path: string; readonly seq?: number; readonly count?: number; readonly icon?: string; readonly chats?: readonly string[] }
const summaryTag = "summary";
/** Tags of the worker and the server besides: a push without words, and a test. */
const unnamedTag = "push", testTag = "test";

/** What the user has been notified of in a chat, or need not be: messages up to seq, of which so many mentioned them. */
interface Notified { readonly seq: Seq; readonly mentions: number }

/** Shows notifications of new messages, and closes those of chats that were read here or elsewhere. */
function useNotifications(on: boolean): void {
  const core = useCore();
  const chats = useSnapshot((s) => s.state.chats);
  const live = useSnapshot((s) => s.connection.state === "live");
  const notifiedRef = useRef<ReadonlyMap<ChatId, Notified>>(undefined); // undefined: messages from before the start are not notified
  useEffect(() => {
    if (!live) return; // what is missed is summed up after the reconnect
    const { state } = core.store.snapshot;
    const before = notifiedRef.current;
    notifiedRef.current = new Map([...chats.values()].map((c) => [c.id, { seq: Math.max(c.last?.seq ?? 0, before?.get(c.id)?.seq ?? 0), mentions: c.mentions }]));
    if (!on) return;
    void updateShown(core);
    if (!before || (document.visibilityState === "visible" && document.hasFocus())) return;
    const now = core.clock.now();
    const fresh = [...chats.values()].flatMap((c) => freshOf(state, c, before.get(c.id) ?? { seq: 0, mentions: 0 }, now));
    if (fresh.length) void navigator.serviceWorker.ready.then((r) => r.active?.postMessage({ notice: noticeOf(state, fresh) }));
  }, [chats, live, on, core]);
  const users = useSnapshot((s) => s.state.users);
  useEffect(() => void (on && live && updateShown(core)), [users, on, live, core]); // names that were not loaded before
  useEffect(() => () => void (on && closeAll()), [on]); // signing out closes all
}

interface Fresh { readonly chat: Chat; readonly message: LoadedMessage }

/** Returns the newest message of a chat of which the user is to be notified: none, or one. */
function freshOf(state: State, chat: Chat, { seq, mentions }: Notified, now: number): Fresh[] {
  const { last } = chat;
  if (!last || last.seq <= seq || chat.unread === 0) return [];
  const loaded = rangeOf(chat)?.messages.filter((m) => m.seq > seq && m.seq < last.seq) ?? [];
  const message = [...loaded, last].findLast((m) => whyNot(state, chat, m, now) === undefined);
  if (message) return [{ chat, message }];
  // One before the newest mentioned the user, and the page holds the newest alone: its notification leads to that one.
  const mention = { ...last, by: "", text: "", files: undefined, deletedAt: undefined, silent: undefined, mentions: [state.me?.id ?? ""] };
  return chat.mentions > mentions && last.by !== state.me?.id && whyNot(state, chat, mention, now) === undefined ? [{ chat, message: mention }] : [];
}

/** Returns why the user is not notified of a message; undefined if they are. */
function whyNot(state: State, c: Chat, m: LoadedMessage, now: number): NoReason | undefined {
  const [told, reason] = decide(m, c, state.me?.id ?? "", state.settings, now);
  return told ? undefined : reason;
}

/** Closes the notifications of the former user's pages. */
export function clearNotifications(): void {
  void closeAll();
  navigator.setAppBadge?.(0).catch(() => {});
}

async function closeAll(): Promise<void> {
  const worker = await navigator.serviceWorker?.getRegistration();
  for (const shown of (await worker?.getNotifications()) ?? []) shown.close();
}

/** What a notification that is shown says of itself. */
interface ShownNotice { readonly tag: string; readonly data: Partial<Notice> | null }

const answerMs = 10_000; // a worker that is replaced may not answer
/** Returns the notifications that are shown, after the worker has handled earlier messages and pushes. */
const shownBy = (worker: ServiceWorker) => new Promise<ShownNotice[]>((ok) => {
  const { port1, port2 } = new MessageChannel();
  const end = (shown: ShownNotice[]) => {
    clearTimeout(timer);
    port1.close();
    ok(shown);
  };
  const timer = setTimeout(end, answerMs, []);
  port1.onmessage = (e) => end(e.data as ShownNotice[]);
  worker.postMessage({}, [port2]);
});

/** Closes what was read or deleted, and what is of a muted chat, and shows an edited message's new words. Pushes have shown some of it. */
async function update(core: Core): Promise<void> {
  const worker = (await navigator.serviceWorker?.getRegistration())?.active;
  if (!worker) return;
  const read: { tag: string; seq: number | undefined }[] = [];
  for (const { tag, data } of await shownBy(worker)) {
    const { state } = core.store.snapshot; // by the state at that time: a notification may have been shown meanwhile
    const { seq = 0, text } = data ?? {};
    const close = () => read.push({ tag, seq: data?.seq });
    if (tag === testTag) continue;
    if (tag === summaryTag || tag === unnamedTag) {
      if (unreadOf(state).messages === 0) close();
      continue;
    }
    const chat = state.chats.get(tag);
    const message = chat && (chat.last?.seq === seq ? chat.last : chat.timeline && messageAt(chat.timeline, seq));
    const why = chat && message && whyNot(state, chat, message, core.clock.now());
    if (!chat || chat.unread === 0 || chat.readUpTo >= seq || why === "deleted" || why === "muted") close();
    else if (!message) { // a deletion would not be noticed
      if (!chat.requests.size) core.load(chat.id, { around: seq, limit: 1 }).catch(() => {});
    } else if (!why) {
      const notice = noticeOf(state, [{ chat, message }]);
      if (notice.text !== text) worker.postMessage({ notice, update: true });
    }
  }
  if (read.length) worker.postMessage({ read });
}

let updating = false, changed = false;
/** Runs update, and again if something changes meanwhile. */
async function updateShown(core: Core): Promise<void> {
  changed = true;
  if (updating) return;
  updating = true;
  while (changed) {
    changed = false;
    await update(core).catch(() => {});
  }
  updating = false;
}

function noticeOf(state: State, fresh: readonly Fresh[]): Notice {
  const [one] = fresh;
  if (fresh.length > 1 || !one) {
    const messages = fresh.reduce((sum, { chat }) => sum + chat.unread, 0);
    return { title: n.summary(messages, fresh.length), text: n.summaryOf(fresh.slice(0, 4).map(({ chat }) => titleOf(state, chat))), tag: summaryTag, path: paths.home, chats: fresh.map(({ chat }) => chat.id) };
  }
  const { chat: c, message: m } = one;
  const text = !m.by ? n.mentioned : state.settings.pushText ? messagePreview(m, 200) : n.newMessage;
  const author = userOf(state, m.by).name, title = titleOf(state, c);
  const name = author === unknownName ? t.conversation.lines.someone(1) : author; // until it is loaded
  const picture = pictureOf(state, c);
  return {
    title: title === unknownName ? n.newMessage : title,
    text: c.kind === "direct" || !m.by || !state.settings.pushText ? text : `${isolate(name)}: ${text}`,
    tag: c.id, path: paths.chat(c.id, m.seq), seq: m.seq, count: c.kind === "group" && levelOf(c, state.settings) === "mentions" ? Math.max(1, c.mentions) : c.unread,
    ...(picture && { icon: pictureUrl(picture) }),
  };
}
