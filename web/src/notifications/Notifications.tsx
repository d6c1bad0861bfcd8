import { useEffect, useRef } from "react";
import { paths } from "../app/route.ts";
import { useCore, useSnapshot } from "../app/useCore.ts";
import type { Chat } from "../core/chatModel.ts";
import { pictureOf, pictureUrl, titleOf, unknownName, unreadOf, userOf } from "../core/selectors.ts";
import type { Core } from "../core/core.ts";
import type { State } from "../core/state.ts";
import { t } from "../strings/index.ts";
import { messagePreview } from "../strings/preview.ts";
import { isolate } from "../strings/isolate.ts";
import { Button } from "../ui/Button.tsx";
import { badge } from "./badge.ts";
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
function PermissionPrompt({ answer }: { answer: (yes: boolean) => Promise<void> }) {
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
}

/** What the service worker shows. tag: the chat's id; chats: those that a summary tells of. */
interface Notice { readonly title: string; readonly text: string; readonly tag: string; readonly path: string; readonly seq?: number; readonly count?: number; readonly icon?: string; readonly chats?: readonly string[] }
const summaryTag = "summary";
/** Tags of the worker and the server besides: a push without words, and a test. */
const unnamedTag = "push", testTag = "test";

/** Shows notifications of new messages, and closes those of chats that were read here or elsewhere. */
function useNotifications(on: boolean): void {
  const core = useCore();
  const chats = useSnapshot((s) => s.state.chats);
  const live = useSnapshot((s) => s.connection.state === "live");
  const notifiedRef = useRef<ReadonlyMap<string, number>>(undefined); // undefined: messages from before the start are not notified
  useEffect(() => {
    if (!live) return; // what is missed is summed up after the reconnect
    const { state } = core.store.snapshot;
    const before = notifiedRef.current;
    notifiedRef.current = new Map([...chats.values()].map((c) => [c.id, Math.max(c.last?.seq ?? 0, before?.get(c.id) ?? 0)]));
    if (!on) return;
    void update(core);
    if (!before || (document.visibilityState === "visible" && document.hasFocus())) return;
    const fresh = [...chats.values()].filter((c) => c.last && c.unread > 0 && c.last.by !== state.me?.id && c.last.seq > (before.get(c.id) ?? 0));
    if (fresh.length) void navigator.serviceWorker.ready.then((r) => r.active?.postMessage({ notice: noticeOf(state, fresh) }));
  }, [chats, live, on, core]);
  useEffect(() => () => void (on && closeAll()), [on]); // signing out closes all
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

/** Closes what was read or deleted, and shows an edited message's new words. Pushes have shown some of it. */
async function update(core: Core): Promise<void> {
  const worker = await navigator.serviceWorker?.getRegistration();
  for (const shown of (await worker?.getNotifications()) ?? []) {
    const { state } = core.store.snapshot; // by the state at that time: a notification may have been shown meanwhile
    if (shown.tag === testTag) continue;
    if (shown.tag === summaryTag || shown.tag === unnamedTag) {
      if (unreadOf(state).messages === 0) shown.close();
      continue;
    }
    const c = state.chats.get(shown.tag), { seq = 0, text } = (shown.data ?? {}) as Partial<Notice>;
    const message = c?.last?.seq === seq ? c.last : undefined;
    if (!c || c.unread === 0 || seq <= c.readUpTo || message?.deletedAt) shown.close();
    else if (message) {
      const notice = noticeOf(state, [c]);
      if (notice.text !== text) worker?.active?.postMessage({ notice, update: true });
    }
  }
}

function noticeOf(state: State, fresh: readonly Chat[]): Notice {
  const [c] = fresh, m = c?.last;
  if (fresh.length > 1 || !c || !m) {
    const messages = fresh.reduce((sum, c) => sum + c.unread, 0);
    return { title: n.summary(messages, fresh.length), text: n.summaryOf(fresh.slice(0, 4).map((c) => titleOf(state, c))), tag: summaryTag, path: paths.home, chats: fresh.map((c) => c.id) };
  }
  const text = state.settings.pushText ? messagePreview(m, 200) : n.newMessage;
  const name = userOf(state, m.by).name, title = titleOf(state, c);
  const picture = pictureOf(state, c);
  return {
    title: title === unknownName ? n.newMessage : title,
    text: c.kind === "direct" || name === unknownName || !state.settings.pushText ? text : `${isolate(name)}: ${text}`,
    tag: c.id, path: paths.chat(c.id, m.seq), seq: m.seq, count: c.unread,
    ...(picture && { icon: pictureUrl(picture) }),
  };
}
