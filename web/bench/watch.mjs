// Measures a page: keys and frames inside it, frames on the screen from the browser's trace; and the
// idle page.

/** Where one reads along. */
export async function followed(page) {
  await page.getByRole("region", { name: "Messages" }).press("Escape"); // marks all as read
  await page.getByRole("region", { name: "Messages" }).press("End");
  await page.locator(".message-list-pill").waitFor({ state: "detached" });
}

/**
 * Reloads the page and returns the ms until a message is painted. The page itself reports it: Playwright looks at intervals
 * of up to 500 ms, and puts a script into the page first. The page before has come to rest.
 */
export async function reload(page, cdp) {
  const value = async (expression) => (await cdp.send("Runtime.evaluate", { expression, awaitPromise: true, returnByValue: true })).result.value;
  await value("new Promise((ok) => requestIdleCallback(ok)).then(() => {})");
  await cdp.send("Page.enable");
  const { identifier } = await cdp.send("Page.addScriptToEvaluateOnNewDocument", { source: `globalThis.messagePainted = (${whenPainted})(".message[data-seq]")` });
  await page.reload({ waitUntil: "commit" });
  await cdp.send("Page.removeScriptToEvaluateOnNewDocument", { identifier });
  return value("messagePainted");
}

/** Runs in the page: resolves with the time after the frame that shows the first element. */
const whenPainted = (selector) => new Promise((ok) => {
  new MutationObserver((_, watch) => {
    if (!document.querySelector(selector)) return;
    watch.disconnect();
    requestAnimationFrame(() => setTimeout(() => ok(performance.now())));
  }).observe(document, { childList: true, subtree: true });
});

/** Loads an idle page: a text field and a log of plain text, without scripts. */
export async function idlePage(page) {
  await page.goto("about:blank");
  await page.setContent(`<body style="margin:0;font:16px sans-serif"><div role="region" aria-label="Messages" style="height:600px;overflow:auto">
    ${Array.from({ length: 600 }, (_, i) => `<p>${i}: a line that somebody wrote, somewhat longer than the others.</p>`).join("")}</div><textarea autofocus></textarea>`);
  await page.getByRole("region").evaluate((box) => (box.scrollTop = box.scrollHeight));
  await page.locator("textarea").focus();
}

/** Records the time from each keydown until its change is painted. */
export function watchKeys(page) {
  return page.evaluate(() => {
    const painted = (then) => requestAnimationFrame(() => {
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = then;
      port2.postMessage(0);
    });
    const watched = "keys" in globalThis;
    globalThis.keys = { keys: [], sends: [] };
    if (watched) return;
    const shows = (text) => [...document.querySelectorAll(".message")].slice(-20).some((m) => m.textContent.includes(text));
    addEventListener("keydown", (e) => {
      const from = e.timeStamp;
      if (e.key !== "Enter") return painted(() => keys.keys.push(performance.now() - from));
      const text = e.target.value.trim();
      const look = () => (shows(text) ? keys.sends.push(performance.now() - from) : painted(look));
      painted(look);
    }, true);
  });
}

export const keyTimes = (page) => page.evaluate(() => new Promise((ok) => requestAnimationFrame(() => setTimeout(() => ok(globalThis.keys)))));

/** Records each frame's length until the function that it returns is called. */
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

/**
 * Returns how many of the page's frames reached the screen while run ran, as Chromium's developer tools count them.
 * partial: scrolled, without the main thread's update; dropped: neither; blank: with an unpainted part.
 */
export async function screen(cdp, run) {
  const events = await traced(cdp, ["disabled-by-default-devtools.timeline.frame"], run);
  const ids = events.filter((e) => e.name === "DrawFrame").map((e) => e.args.layerTreeId);
  const count = (id) => ids.filter((x) => x === id).length;
  const page = [...new Set(ids)].sort((a, b) => count(b) - count(a))[0]; // the page has the most frames
  const late = events.filter((e) => e.name === "DroppedFrame" && e.args.layerTreeId === page);
  const partial = late.filter((e) => e.args.hasPartialUpdate).length;
  const blank = new Set(events.map((e) => e.args?.frame_reporter).filter((r) => r?.layer_tree_host_id === page && r.has_missing_content).map((r) => r.frame_sequence)).size;
  return { all: count(page) + late.length, partial, dropped: late.length - partial, blank };
}

/** Returns the browser's trace events of these categories while run runs. */
export async function traced(cdp, categories, run) {
  const events = [], take = (d) => events.push(...d.value);
  cdp.on("Tracing.dataCollected", take);
  await cdp.send("Tracing.start", { transferMode: "ReportEvents", traceConfig: { includedCategories: categories, excludedCategories: ["*"] } });
  await run();
  const ended = new Promise((ok) => cdp.once("Tracing.tracingComplete", ok));
  await cdp.send("Tracing.end");
  await ended;
  cdp.off("Tracing.dataCollected", take);
  return events;
}
