// Whether notifications are on in this browser: the browser's permission and the user's setting.
// The service worker is registered only if both allow it.
import { useCallback, useEffect, useState } from "react";
import { useCore } from "../app/useCore.ts";
import { turnOffPush } from "./push.ts";

const setting = "notices";

/** insecure: no https; unsupported: by the browser; forbidden: denied in the browser's settings. */
export type Permission = "insecure" | "unsupported" | "forbidden" | "unasked" | "off" | "on";

const listeners = new Set<() => void>();

function judged(wish: unknown): Permission {
  if (!isSecureContext) return "insecure";
  if (!("Notification" in globalThis) || !navigator.serviceWorker) return "unsupported";
  if (Notification.permission === "denied") return "forbidden";
  if (wish === undefined) return "unasked";
  return wish === true && Notification.permission === "granted" ? "on" : "off";
}

/** now is undefined until the setting is read. */
export function usePermission(): readonly [now: Permission | undefined, set: (wish: boolean) => Promise<void>] {
  const core = useCore();
  const [now, setNow] = useState<Permission>();
  useEffect(() => {
    let gone = false;
    const read = () => void core.storage?.settings().then((s) => gone || setNow(judged(s.get(setting))), () => {});
    listeners.add(read);
    read();
    return () => {
      gone = true;
      listeners.delete(read);
    };
  }, [core]);
  useEffect(() => {
    if (now === "on") navigator.serviceWorker.register("/sw.js").catch(() => {});
  }, [now]);
  const set = useCallback(async (wish: boolean) => {
    if (wish) await Notification.requestPermission(); // first, for browsers require it directly after a press
    else await turnOffPush(core).catch(() => {}); // the browser's subscription has ended all the same
    await core.storage?.saveSetting(setting, wish).catch(() => {});
    for (const l of listeners) l();
  }, [core]);
  return [now, set];
}
