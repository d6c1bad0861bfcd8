// The chunks that the page does not need at its start.
import { loadEmoji } from "../composer/emoji.ts";
import { loadChunk } from "../core/loadChunk.ts";
import { loadUploader } from "../core/userSession.ts";
import { loadVirtualList } from "../sidebar/loadVirtualList.ts";

const prefetchAfterMs = 5000; // after the connection is live: what is in view loads first

export const loadParts = loadChunk(() => import("./parts.ts"));

/** Loads all parts when the page is idle, so that they are there after a server upgrade or without a connection. */
export function prefetchParts(): () => void {
  const line = (navigator as { connection?: { saveData?: boolean; effectiveType?: string } }).connection;
  if (line?.saveData || line?.effectiveType?.endsWith("2g")) return () => {};
  const load = () => void loadParts().then(loadUploader).then(loadVirtualList).then(loadEmoji).catch(() => {}); // opening a part reports the failure
  const timer = setTimeout(() => ("requestIdleCallback" in globalThis ? requestIdleCallback(load) : load()), prefetchAfterMs);
  return () => clearTimeout(timer);
}
