// The server's name, wherever it stands on the page.
import { useEffect, useSyncExternalStore } from "react";
import { useCore } from "./useCore.ts";

let name = "Parley";
const listeners = new Set<() => void>();

export function serverNamed(now: string): void {
  name = now;
  listeners.forEach((l) => l());
}

export function useServerName(): string {
  const core = useCore();
  useEffect(() => void core.api.server().then((s) => serverNamed(s.name), () => {}), [core]);
  return useSyncExternalStore((l) => (listeners.add(l), () => listeners.delete(l)), () => name);
}
