import { useLayoutEffect, useRef } from "react";

export const settledMs = 300; // a press within this time was aimed before the user could see the change

/**
 * Guards a list whose items change places: settled reports whether a press on an item was aimed at it. It was not if
 * another item was there within settledMs; with restsOnly only as long as the pointer has not moved since (see moved).
 */
export function useReorderGuard(keys: readonly string[], restsOnly: boolean): { settled: (key: string) => boolean; moved: () => void } {
  const last = useRef({ keys, before: keys, at: -Infinity });
  const movedAt = useRef(-Infinity);
  useLayoutEffect(() => {
    const { keys: was, before, at } = last.current;
    if (was === keys || (was.length === keys.length && was.every((k, i) => k === keys[i]))) return;
    const now = performance.now();
    last.current = { keys, before: now - at < settledMs ? before : was, at: now };
  });
  return {
    settled(key) {
      const { keys, before, at } = last.current;
      if (performance.now() - at >= settledMs || (restsOnly && movedAt.current > at)) return true;
      const there = before[keys.indexOf(key)];
      return there === undefined || there === key;
    },
    moved: () => void (movedAt.current = performance.now()),
  };
}
