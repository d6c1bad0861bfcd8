import { useSyncExternalStore } from "react";

interface Store<T> {
  set: (now: T) => void;
  /** Returns the value and renders again when it is set. */
  useValue: () => T;
}

/** Creates a value outside of React that all views share. */
export function createStore<T>(value: T): Store<T> {
  const listeners = new Set<() => void>();
  const subscribe = (l: () => void) => (listeners.add(l), () => listeners.delete(l));
  return {
    set(now) {
      value = now;
      listeners.forEach((l) => l());
    },
    useValue: () => useSyncExternalStore(subscribe, () => value),
  };
}
