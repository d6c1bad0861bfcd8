// The server's name, shared by all views.
import { useSyncExternalStore } from "react";

let name = "Parley";
const listeners = new Set<() => void>();

export function setServerName(now: string): void {
  name = now;
  listeners.forEach((l) => l());
}

const subscribe = (l: () => void) => (listeners.add(l), () => listeners.delete(l));
export const useServerName = (): string => useSyncExternalStore(subscribe, () => name);
