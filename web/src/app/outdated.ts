/** Reports whether the server serves a newer page than this one. */
export async function outdated(): Promise<boolean> {
  const entry = document.querySelector<HTMLScriptElement>("script[type=module][src]")?.getAttribute("src");
  try {
    const page = await fetch("/", { cache: "no-store" });
    return page.ok && !!entry && !(await page.text()).includes(entry);
  } catch {
    return false;
  }
}
