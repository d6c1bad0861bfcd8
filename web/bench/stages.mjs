// The stages of bench-web. The processor is slowed four times where users would notice. Next to the
// page's figures are those of an idle page, measured right before: what the browser itself costs here.
import { build } from "vite";
import { shares } from "./shares.mjs";
import { followed, frames, idlePage, keyTimes, reload, screen, watchKeys } from "./watch.mjs";

export const slowed = 4;
const perSecond = 20;
const scrollPx = 8000, scrollSpeed = 2000; // px a second
const chars = 24; // of one message

/** Each stage takes the test data and returns rows: what, runs of samples or a text, unit, goal, and whether it is met. */
export const stages = { start, markdown, keys, scroll, shares: threads, memory };

async function start({ h, ann, big, cdp, repeats }) {
  await open(h, ann, big);
  await ann.reload();
  await newest(ann);
  const loaded = await ann.evaluate(() => performance.getEntriesByType("resource").filter((r) => /\.(js|css)$/.test(r.name)).map((r) => [r.name.endsWith(".js"), r.encodedBodySize]));
  // A cached file has no transfer size, but encodedBodySize is there.
  const kb = (js) => loaded.filter((r) => r[0] === js).reduce((sum, r) => sum + r[1], 0) / 1024;
  const times = [];
  await slow(cdp, slowed);
  for (let i = 0; i < repeats; i++) {
    const run = [];
    for (let n = 0; n < 5; n++) run.push(await reload(ann, cdp));
    times.push(run);
  }
  await slow(cdp, 1);
  return [
    { what: "JavaScript at start, as sent", runs: [[kb(true)]], unit: "KB", goal: "≤ 200 KB", met: (r) => r.worst <= 200 },
    { what: "style sheets at start, as sent", runs: [[kb(false)]], unit: "KB" },
    { what: "reload until the newest message is painted", runs: times, unit: "ms" },
  ];
}

async function markdown() {
  const root = new URL("..", import.meta.url).pathname;
  await build({ root, logLevel: "warn", build: { ssr: "bench/markdown.ts", outDir: "node_modules/.bench" } });
  const { texts } = await import("../node_modules/.bench/markdown.js");
  const all = texts();
  return [{ what: `16 KiB of Markdown, ${all.length} pathological texts; the slowest: ${JSON.stringify(all[0].part)}`, runs: [all.map((t) => t.ms)], unit: "ms", goal: "worst ≤ 16 ms", met: (r) => r.worst <= 16 }];
}

async function keys({ h, ann, big, others, cdp, repeats }) {
  const floor = [], typed = [], slowSent = [], sent = [];
  for (let i = 0; i < repeats; i++) {
    await idlePage(ann);
    await others.startPosting(big, perSecond);
    await slow(cdp, slowed);
    await watchKeys(ann);
    for (let n = 0; n < 5; n++) await ann.keyboard.type("x".repeat(chars), { delay: 40 });
    floor.push((await keyTimes(ann)).keys);
    await slow(cdp, 1);
    await open(h, ann, big);
    await ann.locator("[data-composer]").focus();
    sent.push((await written(ann, `at full speed ${i}`)).sends);
    await slow(cdp, slowed);
    const found = await written(ann, `slowed ${i}`);
    await slow(cdp, 1);
    typed.push(found.keys);
    slowSent.push(found.sends);
    await others.stopPosting();
  }
  const goal = { goal: "p99 ≤ 50 ms", met: (r) => r.p99 <= 50 };
  return [
    { what: "key to paint, slowed", runs: typed, unit: "ms", ...goal },
    { what: "the same in a page with a text field alone", runs: floor, unit: "ms" },
    { what: "Enter until the own message is painted", runs: sent, unit: "ms", ...goal },
    { what: "the same, slowed", runs: slowSent, unit: "ms" },
  ];
}

/** Types and sends ten messages; returns the times of their keys. */
async function written(page, what) {
  await watchKeys(page);
  for (let n = 0; n < 10; n++) {
    await page.keyboard.type(`${n} ${what} `.padEnd(chars, "."), { delay: 40 });
    await page.keyboard.press("Enter");
    await page.waitForFunction((n) => globalThis.keys.sends.length > n, n);
  }
  return keyTimes(page);
}

async function scroll({ h, ann, big, others, cdp, repeats }) {
  const own = [], floor = [];
  for (let i = 0; i < repeats; i++) {
    await others.startPosting(big, perSecond);
    floor.push(await scrolled(ann, cdp, () => idlePage(ann)));
    own.push(await scrolled(ann, cdp, () => open(h, ann, big)));
    await others.stopPosting();
  }
  const share = (runs, part) => runs.map((r) => [(r.screen[part] / r.screen.all) * 100]);
  const lengths = (runs) => runs.map((r) => r.lengths);
  const missed = (runs) => lengths(runs).map((run) => {
    const due = run.reduce((sum, f) => sum + f, 0) / (1000 / 60);
    return [Math.max(0, 1 - run.length / due) * 100];
  });
  const same = "the same in a page of plain text";
  return [
    { what: "dropped frames", runs: share(own, "dropped"), unit: "%", goal: "≤ 1 %", met: (r) => r.p50 <= 1 },
    { what: same, runs: share(floor, "dropped"), unit: "%" },
    { what: "frames with a part of the list not painted yet", runs: share(own, "blank"), unit: "%" },
    { what: "frames that scrolled without the main thread's update", runs: share(own, "partial"), unit: "%" },
    { what: "frame interval of the main thread", runs: lengths(own), unit: "ms" },
    { what: same, runs: lengths(floor), unit: "ms" },
    { what: "frames that the main thread missed, of 60 a second", runs: missed(own), unit: "%" },
    { what: same, runs: missed(floor), unit: "%" },
  ];
}

/** Not slowed, because that would slow the tracing, too. */
async function threads({ h, ann, big, others, cdp }) {
  await open(h, ann, big);
  await others.startPosting(big, perSecond);
  const typing = await shares(cdp, async () => {
    await ann.locator("[data-composer]").focus();
    await ann.keyboard.type("x".repeat(100), { delay: 40 });
  });
  await ann.locator("[data-composer]").fill("");
  const scrolling = await shares(cdp, () => wheel(ann, cdp));
  await others.stopPosting();
  const rows = (all, while_) => [...all].map(([kind, ms]) => ({ what: `${while_}: ${kind}`, runs: [[ms]], unit: "ms" }));
  return [...rows(typing, "typing"), ...rows(scrolling, "scrolling")];
}

async function memory({ h, ann, big, others, cdp }) {
  await open(h, ann, big);
  const heaps = [];
  for (let n = 0; n <= 20_000; n += 5000) {
    if (n) await others.post(big, 5000);
    const marker = `Marker ${n}`;
    await ann.locator("[data-composer]").fill(marker);
    await ann.keyboard.press("Enter");
    await ann.locator(".message[data-seq]", { hasText: marker }).waitFor();
    for (let i = 0; i < 3; i++) await cdp.send("HeapProfiler.collectGarbage");
    heaps.push((await cdp.send("Runtime.getHeapUsage")).usedSize / 1048576);
  }
  return [{ what: "heap after 0, 5,000, … 20,000 messages that arrived while the chat was open", text: heaps.map((x) => x.toFixed(1)).join(", ") + " MB", goal: "flat", met: () => heaps.at(-1) <= heaps[1] * 1.1 }];
}

const slow = (cdp, rate) => cdp.send("Emulation.setCPUThrottlingRate", { rate });
const newest = (page) => page.locator(".message[data-seq]").last().waitFor();

/** Opens the chat at its end. */
async function open(h, page, chat) {
  await page.goto(h.at(`/c/${chat}`));
  await newest(page);
  await followed(page);
}

/** Scrolls back twice: once traced on the screen, once measured in the page, which needs the main thread for each frame. */
async function scrolled(page, cdp, show) {
  await show();
  await slow(cdp, slowed);
  const found = { screen: await screen(cdp, () => wheel(page, cdp)) };
  await slow(cdp, 1);
  await show();
  await slow(cdp, slowed);
  const stop = await frames(page);
  await wheel(page, cdp);
  found.lengths = await stop();
  await slow(cdp, 1);
  return found;
}

async function wheel(page, cdp) {
  const box = await page.getByRole("region", { name: "Messages" }).boundingBox();
  await cdp.send("Input.synthesizeScrollGesture", { x: box.x + box.width / 2, y: box.y + box.height / 2, yDistance: scrollPx, speed: scrollSpeed, gestureSourceType: "mouse" });
}
