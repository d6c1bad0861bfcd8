// Loads the parts of the page that are not there at its start, and loads them again after a failure.
import { loadEmoji } from "../composer/emoji.ts";

type Parts = typeof import("./parts.ts");

const prefetchAfterMs = 5000; // once the connection stands: what is in sight comes first

let parts: Promise<Parts> | undefined;
let failed: { url: string; times: number } | undefined;

/** A browser may remember for good that a module did not load, but only under its address: the next try has another one. */
export function loadParts(): Promise<Parts> {
  parts ??= (failed ? import(/* @vite-ignore */ `${failed.url}?again=${failed.times}`) as Promise<Parts> : import("./parts.ts")).catch((err: unknown) => {
    parts = undefined;
    const url = failed?.url ?? /https?:\/\/[^\s?]+\.js/.exec(String(err))?.[0]; // Safari names none, and remembers no failure
    if (url) failed = { url, times: (failed?.times ?? 0) + 1 };
    throw err;
  });
  return parts;
}

/** Loads all parts when nothing else is to be done, so that an upgrade of the server or a lost connection does not take them away. */
export function prefetchParts(): () => void {
  const line = (navigator as { connection?: { saveData?: boolean; effectiveType?: string } }).connection;
  if (line?.saveData || line?.effectiveType?.endsWith("2g")) return () => {};
  const load = () => void loadParts().then(loadEmoji).catch(() => {}); // whoever opens one is told
  const timer = setTimeout(() => ("requestIdleCallback" in globalThis ? requestIdleCallback(load) : load()), prefetchAfterMs);
  return () => clearTimeout(timer);
}

/** outdated reports whether the server has another page by now than this one. */
export async function outdated(): Promise<boolean> {
  const entry = document.querySelector<HTMLScriptElement>("script[type=module][src]")?.getAttribute("src");
  try {
    const page = await fetch("/", { cache: "no-store" });
    return page.ok && !!entry && !(await page.text()).includes(entry);
  } catch {
    return false;
  }
}
