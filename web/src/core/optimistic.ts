import type { Store } from "./store.ts";

/** Sets a change at once, and saves it. If the server refuses it, what is still as it was set gets its value from before. */
export async function optimistic<T extends object>(store: Store, before: T, change: Partial<T>, now: () => T | undefined, set: (change: Partial<T>) => void, save: () => Promise<unknown>): Promise<void> {
  set(change);
  store.scheduler.flush();
  try {
    await save(); // the signal brings what the server has
  } catch (err) {
    const names = (Object.keys(change) as (keyof T)[]).filter((k) => now()?.[k] === change[k]);
    set(Object.fromEntries(names.map((k) => [k, before[k]])) as Partial<T>);
    throw err;
  }
}
