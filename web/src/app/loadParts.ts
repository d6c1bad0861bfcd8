// Loads the chunk of parts.ts, and loads it again after a failure.
import { loadEmoji } from "../composer/emoji.ts";

type Parts = typeof import("./parts.ts");

const prefetchAfterMs = 5000; // after the connection is live: what is in view loads first

let parts: Promise<Parts> | undefined;
let failed: { url: string; times: number } | undefined;

/** Loads the parts. Browsers may cache a failed module by its URL, so a retry uses another URL. */
export function loadParts(): Promise<Parts> {
  parts ??= (failed ? import(/* @vite-ignore */ `${failed.url}?again=${failed.times}`) as Promise<Parts> : import("./parts.ts")).catch((err: unknown) => {
    parts = undefined;
    const url = failed?.url ?? /https?:\/\/[^\s?]+\.js/.exec(String(err))?.[0]; // Safari's error has no URL, but Safari does not cache failures
    if (url) failed = { url, times: (failed?.times ?? 0) + 1 };
    throw err;
  });
  return parts;
}

/** Loads all parts when the page is idle, so that they are there after a server upgrade or without a connection. */
export function prefetchParts(): () => void {
  const line = (navigator as { connection?: { saveData?: boolean; effectiveType?: string } }).connection;
  if (line?.saveData || line?.effectiveType?.endsWith("2g")) return () => {};
  const load = () => void loadParts().then(loadEmoji).catch(() => {}); // opening a part reports the failure
  const timer = setTimeout(() => ("requestIdleCallback" in globalThis ? requestIdleCallback(load) : load()), prefetchAfterMs);
  return () => clearTimeout(timer);
}

/** Reports whether the server serves a newer page than this one. */
export async function outdated(): Promise<boolean> {
  const entry = document.querySelector<HTMLScriptElement>("script[type=module][src]")?.getAttribute("src");
  try {
    const page = await fetch("/", { cache: "no-store" });
    return page.ok && !!entry && !(await page.text()).includes(entry);
  } catch {
    return false;
  }
}
