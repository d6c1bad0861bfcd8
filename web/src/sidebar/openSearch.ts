import { navigate, paths } from "../app/route.ts";

/** Reports whether the key opens the search: Ctrl+Shift+F, or / where no text is being written and no dialog is open. */
export function searches(e: KeyboardEvent): boolean {
  if (e.altKey || e.defaultPrevented) return false;
  if (e.ctrlKey || e.metaKey) return e.shiftKey && e.key.toLowerCase() === "f";
  const on = e.target as HTMLElement;
  return e.key === "/" && !on.isContentEditable && !/^(INPUT|TEXTAREA|SELECT)$/.test(on.tagName) && !document.querySelector(".dialog-overlay");
}

/** Opens the search, or focuses its field. */
export function openSearch(): void {
  const field = document.querySelector<HTMLInputElement>("[data-search]");
  if (!field) return navigate(paths.search());
  field.focus();
  field.select();
}
