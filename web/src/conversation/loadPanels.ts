import { loadChunk } from "../core/loadChunk.ts";

export const loadPanels = loadChunk(() => import("./panels.ts"));
