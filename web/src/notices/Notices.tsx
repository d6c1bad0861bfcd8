import { useEffect, useRef, useState } from "react";
import { paths, useRoute } from "../app/route.ts";
import { useCore, useSnapshot } from "../app/useCore.ts";
import { titleOf, unreadOf, userOf } from "../core/select.ts";
import { t } from "../strings/index.ts";
import { Button } from "../ui/Button.tsx";
import { badge } from "./badge.ts";

const n = t.notices;
const setting = "notices";

/** The title's count and, if it was wished, notices of what comes while one looks elsewhere. */
export function Notices() {
  const unread = useSnapshot((s) => unreadOf(s.state).messages);
  const route = useRoute();
  useEffect(() => badge(unread), [unread, route]);
  useTold();
  return <Ask />;
}

const worker = () => navigator.serviceWorker?.ready;

/** Asks once, after the first direct message of somebody else's. */
function Ask() {
  const core = useCore();
  const direct = useSnapshot((s) => [...s.state.chats.values()].some((c) => c.kind === "direct" && c.last && c.last.by !== s.state.me?.id));
  const [answered, setAnswered] = useState(true);
  useEffect(() => {
    if (!("Notification" in globalThis) || !navigator.serviceWorker || Notification.permission !== "default") return;
    core.storage?.settings().then((s) => setAnswered(s.has(setting)), () => {});
  }, [core]);
  async function answer(yes: boolean) {
    setAnswered(true);
    await core.storage?.saveSetting(setting, yes).catch(() => {});
    if (yes && (await Notification.requestPermission()) === "granted") await navigator.serviceWorker.register("/sw.js");
  }
  if (answered || !direct) return null;
  return <div className="banner" role="status"><span>{n.ask}</span><Button look="main" onPress={() => void answer(true)}>{n.yes}</Button><Button onPress={() => void answer(false)}>{n.no}</Button></div>;
}

/** Shows what came since the last look, and takes away what was read elsewhere. */
function useTold(): void {
  const chats = useSnapshot((s) => s.state.chats);
  const core = useCore();
  const told = useRef(new Map<string, number>());
  useEffect(() => {
    if (!("Notification" in globalThis) || Notification.permission !== "granted") return;
    const { state } = core.snapshot;
    const fresh = [...chats.values()].filter((c) => c.last && c.unread > 0 && c.last.by !== state.me?.id && c.last.seq > (told.current.get(c.id) ?? c.last.seq));
    for (const c of chats.values()) told.current.set(c.id, Math.max(c.last?.seq ?? 0, told.current.get(c.id) ?? 0));
    const away = document.visibilityState !== "visible" || !document.hasFocus();
    void worker()?.then(async (w) => {
      for (const shown of await w.getNotifications()) if (!(chats.get(shown.tag)?.unread ?? 0)) shown.close();
      if (!away || !fresh.length) return;
      if (fresh.length > 1) return w.showNotification(document.title, { tag: "summary", body: n.summary(fresh.reduce((sum, c) => sum + c.unread, 0), fresh.length), data: paths.home });
      const c = fresh[0]!, m = c.last!;
      return w.showNotification(titleOf(state, c), { tag: c.id, body: `${userOf(state, m.by).name}: ${m.text.slice(0, 200)}`, data: paths.chat(c.id, m.seq) });
    });
  }, [chats, core]);
}
