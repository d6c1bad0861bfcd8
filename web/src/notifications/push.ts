// Pushes to this browser: one subscription for all pages, which belongs to the session of the signed-in user.
import type { Core } from "../core/core.ts";

const setting = "push"; // whether this user wants pushes in this browser
const lock = "push"; // pages of a browser take turns

/** homeScreen: only for the page on the Home Screen of an iPhone or iPad. */
export type PushSupport = "supported" | "insecure" | "homeScreen" | "unsupported";

export function pushSupport(): PushSupport {
  if (!isSecureContext) return "insecure";
  if ("PushManager" in globalThis && navigator.serviceWorker) return "supported";
  return "standalone" in navigator && !navigator.standalone ? "homeScreen" : "unsupported";
}

/** Returns the browser's subscription. */
export async function browserSubscription(): Promise<PushSubscription | null> {
  const worker = await navigator.serviceWorker?.getRegistration();
  return (await worker?.pushManager?.getSubscription()) ?? null;
}

/** Subscribes this browser and tells the server. @throws {Failure} of the server, or the browser's error */
export async function turnOnPush(core: Core): Promise<void> {
  const { storage } = core;
  await navigator.locks.request(lock, async () => subscribe(core, (await core.api.push()).key));
  await storage?.saveSetting(setting, true).catch(() => {});
}

/** Ends the subscription in the browser, then at the server. */
export async function turnOffPush(core: Core): Promise<void> {
  const { storage, api } = core;
  await storage?.saveSetting(setting, false).catch(() => {});
  if (await endBrowserSubscription()) await api.endPushSubscription();
}

/** Ends the browser's subscription: no push of its user arrives after this. Reports whether there was one. */
export async function endBrowserSubscription(): Promise<boolean> {
  if (pushSupport() !== "supported") return false;
  return navigator.locks.request(lock, async () => (await browserSubscription())?.unsubscribe() ?? false);
}

/**
 * Makes the browser's subscription that of this session: another user may have left one, the browser may have
 * changed it, and the server ends one that its push service no longer knows.
 */
export async function syncPush(core: Core): Promise<void> {
  if (pushSupport() !== "supported") return;
  const { storage, api } = core;
  const wanted = Notification.permission === "granted" && (await storage?.settings())?.get(setting) === true;
  if (!wanted) return void (await endBrowserSubscription());
  await navigator.locks.request(lock, async () => {
    const { key, subscription } = await api.push();
    const now = await browserSubscription();
    if (!now || now.endpoint !== subscription?.endpoint) await subscribe(core, key);
  });
}

async function subscribe(core: Core, applicationServerKey: string): Promise<void> {
  const { api } = core;
  await navigator.serviceWorker.register("/sw.js");
  const { pushManager } = await navigator.serviceWorker.ready;
  await (await pushManager.getSubscription())?.unsubscribe(); // it may be another user's, or have another key
  const { endpoint, keys } = (await pushManager.subscribe({ userVisibleOnly: true, applicationServerKey })).toJSON();
  await api.putPushSubscription({ endpoint, keys });
}
