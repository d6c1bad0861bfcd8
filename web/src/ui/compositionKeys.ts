import { isCoarse } from "./coarse.ts";

const keys = new Set(["Enter", "Escape", "Tab", "ArrowUp", "ArrowDown"]);

/**
 * Keeps the keys that an input method handles from the page, whatever has the focus: Enter that accepts a candidate, or
 * Escape that cancels. Safari sends them after the composition, with keyCode 229 as the only sign of it, or none.
 */
export function ignoreCompositionKeys(): void {
  let justEnded = false;
  addEventListener("compositionend", () => {
    justEnded = !isCoarse(); // Android ends a composition for each word, and its Enter follows at once
    setTimeout(() => (justEnded = false));
  }, true);
  addEventListener("keydown", (e) => {
    if (keys.has(e.key) && (e.isComposing || e.keyCode === 229 || justEnded)) e.stopImmediatePropagation();
  }, true);
}
