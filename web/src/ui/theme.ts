// Light, dark, or as the system has it: kept for the browser, not for the account.
export const themes = ["system", "light", "dark"] as const;
export type Theme = (typeof themes)[number];
const key = "parley-theme";

export function theme(): Theme {
  try {
    const kept = localStorage.getItem(key) as Theme | null;
    return kept && themes.includes(kept) ? kept : "system";
  } catch {
    return "system"; // a browser that keeps nothing
  }
}

export function setTheme(to: Theme): void {
  try {
    localStorage.setItem(key, to);
  } catch {
    // then for this page alone
  }
  show(to);
}

export function show(to: Theme): void {
  if (to === "system") delete document.documentElement.dataset["theme"];
  else document.documentElement.dataset["theme"] = to;
  for (const m of document.querySelectorAll<HTMLMetaElement>('meta[name="theme-color"]')) { // what a phone draws around the page
    const look = m.dataset["look"];
    m.media = to === "system" ? `(prefers-color-scheme: ${look})` : to === look ? "all" : "not all";
  }
}
