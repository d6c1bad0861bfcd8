import { createContext, useContext, useSyncExternalStore } from "react";
import type { Chat } from "../core/chatModel.ts";
import type { Core } from "../core/core.ts";
import type { Snapshot } from "../core/store.ts";
import type { ChatId } from "../core/wire.ts";

export const CoreContext = createContext<Core | null>(null);

export function useCore(): Core {
  const core = useContext(CoreContext);
  if (!core) throw new Error("no core");
  return core;
}

/** Returns a part of the published snapshot. select must return the same object while that part is unchanged. */
export function useSnapshot<T>(select: (s: Snapshot) => T): T {
  const core = useCore();
  return useSyncExternalStore(core.store.subscribe, () => select(core.store.published));
}

export const useChat = (id: ChatId): Chat | undefined => useSnapshot((s) => s.state.chats.get(id));
