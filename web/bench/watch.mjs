// What watches a page from within: keys, frames; and the page that does nothing.

/** Where one reads along. */
export async function followed(page) {
  await page.getByRole("region", { name: "Messages" }).press("Escape"); // all is read
  await page.getByRole("region", { name: "Messages" }).press("End");
  await page.locator(".pill").waitFor({ state: "detached" });
}

/** A text field and a log of plain text, without a script. */
export async function idlePage(page) {
  await page.goto("about:blank");
  await page.setContent(`<body style="margin:0;font:16px sans-serif"><div role="region" aria-label="Messages" style="height:600px;overflow:auto">
    ${Array.from({ length: 600 }, (_, i) => `<p>${i}: a line that somebody wrote, somewhat longer than the others.</p>`).join("")}</div><textarea autofocus></textarea>`);
  await page.getByRole("region").evaluate((box) => (box.scrollTop = box.scrollHeight));
  await page.locator("textarea").focus();
}

/** From a key's press, as the browser has it, until what it changed is painted. */
export function watchKeys(page) {
  return page.evaluate(() => {
    const painted = (then) => requestAnimationFrame(() => {
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = then;
      port2.postMessage(0);
    });
    const found = (globalThis.keys = { keys: [], sends: [] });
    const shows = (text) => [...document.querySelectorAll(".message")].slice(-20).some((m) => m.textContent.includes(text));
    addEventListener("keydown", (e) => {
      const from = e.timeStamp;
      if (e.key !== "Enter") return painted(() => found.keys.push(performance.now() - from));
      const text = e.target.value.trim();
      const look = () => (shows(text) ? found.sends.push(performance.now() - from) : painted(look));
      painted(look);
    }, true);
  });
}

export const keyTimes = (page) => page.evaluate(() => new Promise((ok) => requestAnimationFrame(() => setTimeout(() => ok(globalThis.keys)))));

/** Notes each frame's length until what it gives is called. */
export async function frames(page) {
  await page.evaluate(() => {
    const lengths = (globalThis.lengths = []);
    let last = performance.now();
    globalThis.framing = true;
    requestAnimationFrame(function next(now) {
      lengths.push(now - last);
      last = now;
      if (globalThis.framing) requestAnimationFrame(next);
    });
  });
  return () => page.evaluate(() => {
    globalThis.framing = false;
    return globalThis.lengths.slice(1);
  });
}
