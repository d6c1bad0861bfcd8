// The theme: light, dark or the system's. Stored per browser, not per account.
export const themes = ["system", "light", "dark"] as const;
export type Theme = (typeof themes)[number];
const key = "parley-theme";

export function theme(): Theme {
  try {
    const kept = localStorage.getItem(key) as Theme | null;
    return kept && themes.includes(kept) ? kept : "system";
  } catch {
    return "system"; // storage is blocked
  }
}

export function setTheme(to: Theme): void {
  try {
    localStorage.setItem(key, to);
  } catch {
    // storage is blocked: the theme is for this page only
  }
  show(to);
}

/** Measures the scrollbars: what does not scroll leaves their space beside it, so that it stands in line with what does. */
export function measureScrollbar(): void {
  const box = document.createElement("div");
  box.style.cssText = "position: absolute; width: 50px; overflow: scroll";
  document.body.append(box);
  document.documentElement.style.setProperty("--scrollbar", `${box.offsetWidth - box.clientWidth}px`);
  box.remove();
}

export function show(to: Theme): void {
  if (to === "system") delete document.documentElement.dataset["theme"];
  else document.documentElement.dataset["theme"] = to;
  for (const m of document.querySelectorAll<HTMLMetaElement>('meta[name="theme-color"]')) { // the browser's own bars
    const look = m.dataset["look"];
    m.media = to === "system" ? `(prefers-color-scheme: ${look})` : to === look ? "all" : "not all";
  }
}
