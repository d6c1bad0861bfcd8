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
import "./notifications.css";

const n = t.notifications;

/** The unread count in the title and on the icon, and notifications while the page is not attended. */
export function Notifications() {
  const unread = useSnapshot((s) => unreadOf(s.state).messages);
  useEffect(() => badge(unread), [unread]);
  useEffect(() => () => badge(0), []);
  const [permission, set] = usePermission();
  useNotifications(permission === "on");
  return permission === "unasked" ? <PermissionPrompt answer={set} /> : null;
}

/** Asks for permission once, after the first direct message from another user. It is part of the layout and covers nothing. */
function PermissionPrompt({ answer }: { answer: (yes: boolean) => Promise<void> }) {
  const direct = useSnapshot((s) => [...s.state.chats.values()].some((c) => c.kind === "direct" && c.last && c.last.by !== s.state.me?.id));
  if (!direct) return null;
  return (
    <div className="permission-prompt" role="region" aria-label={n.ask}>
      <p>{n.ask}</p>
      <div className="row"><Button look="main" onPress={() => void answer(true)}>{n.turnOn}</Button><Button onPress={() => void answer(false)}>{n.notNow}</Button></div>
    </div>
  );
}

interface NotificationMessage { readonly title: string; readonly options: NotificationOptions }
const summaryTag = "summary";

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
    if (fresh.length) void navigator.serviceWorker.ready.then((r) => r.active?.postMessage(notificationOf(state, fresh)));
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

/** Closes what was read, deleted or followed by another message, and shows an edited message's new words. */
async function update(core: Core): Promise<void> {
  const worker = await navigator.serviceWorker?.getRegistration();
  for (const shown of (await worker?.getNotifications()) ?? []) {
    const { state } = core.store.snapshot; // by the state at that time: a notification may have been shown meanwhile
    if (shown.tag === summaryTag) {
      if (unreadOf(state).messages === 0) shown.close();
      continue;
    }
    const c = state.chats.get(shown.tag);
    const now = c?.last && c.unread > 0 && !c.last.deletedAt ? notificationOf(state, [c]) : undefined;
    if (now?.options.data !== shown.data) shown.close();
    else if (now && now.options.body !== shown.body) await worker?.showNotification(now.title, { ...now.options, silent: true });
  }
}

function notificationOf(state: State, fresh: readonly Chat[]): NotificationMessage {
  const [c] = fresh, m = c?.last;
  if (fresh.length > 1 || !c || !m) {
    const messages = fresh.reduce((sum, c) => sum + c.unread, 0);
    return { title: n.summary(messages, fresh.length), options: { tag: summaryTag, body: n.summaryOf(fresh.slice(0, 4).map((c) => titleOf(state, c))), data: paths.home } };
  }
  const text = messagePreview(m, 200);
  const name = userOf(state, m.by).name, title = titleOf(state, c);
  const picture = pictureOf(state, c);
  return { title: title === unknownName ? n.newMessage : title, options: { tag: c.id, body: c.kind === "direct" || name === unknownName ? text : `${isolate(name)}: ${text}`, data: paths.chat(c.id, m.seq), ...(picture && { icon: pictureUrl(picture) }) } };
}
