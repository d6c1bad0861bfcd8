import { loadChunk } from "../core/loadChunk.ts";

/** Loads the virtual list: a chunk of its own, since a long list of chats needs it at the start. */
export const loadVirtualList = loadChunk(() => import("./VirtualList.tsx"));
