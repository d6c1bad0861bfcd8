// Two browsers and a phone exchange a picture, a video and a PDF: in order and exactly once, through a killed server,
// a crash of the browser and a slow line. No row moves when pictures load.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { api, field, kept, list, phone, press, row, say, testEnvironment, test, wake, wide } from "./kit.mjs";
import { copySession, Line } from "./line.mjs";

const testdata = (name) => readFileSync(new URL(`../../server/media/testdata/${name}`, import.meta.url));
const picture = { name: "house.png", mimeType: "image/png", buffer: readFileSync(new URL("../../docs/phone.png", import.meta.url)) };
const video = { name: "tour.webm", mimeType: "video/webm", buffer: testdata("place.webm") };
const pdf = { name: "plan.pdf", mimeType: "application/pdf", buffer: Buffer.from("%PDF-1.4\nplan") };
const gif = { name: "wave.gif", mimeType: "image/gif", buffer: testdata("place.gif") };
const webp = { name: "spin.webp", mimeType: "image/webp", buffer: testdata("animated-lossy.webp") };
// AVIF with other brands: the server reads its boxes, and Chromium does not decode it.
const heic = Buffer.from(testdata("place.avif").toString("latin1").replace(/avi[fo]/g, "heic"), "latin1");
const large = (name) => ({ name, mimeType: "application/octet-stream", buffer: Buffer.alloc(9 << 20, name) });
const sum = (bytes) => createHash("sha256").update(bytes).digest("hex");

let ann, bob, cem, room;
const h = testEnvironment(async (h) => {
  ann = await h.signedIn("Ann");
  bob = await h.signedIn("Bob");
  cem = await h.signedIn("Cem", phone);
  room = await h.chat("House", ann, bob, cem);
});

const attach = (page, ...files) => page.locator("input[type=file][multiple]").setInputFiles(files);
const attached = (page) => page.getByRole("list", { name: "Attached files" }).getByRole("listitem");
const pending = (page) => page.locator(".message[data-pending]");
const send = (page) => press(page, "Send");
const log = async (page) => (await api(page, "GET", `/api/chats/${room}/messages?limit=200`)).messages;
const names = async (page) => (await log(page)).map((m) => [m.text, ...(m.files ?? []).map((f) => f.name)].join("|"));
/** Returns the sha256 of each file of the newest message, as the page downloads it. */
const sums = async (page) => {
  const { files } = (await log(page)).at(-1);
  return page.evaluate((paths) => Promise.all(paths.map(async (path) => {
    const hash = await crypto.subtle.digest("SHA-256", await (await fetch(path)).arrayBuffer());
    return [...new Uint8Array(hash)].map((b) => b.toString(16).padStart(2, "0")).join("");
  })), files.map((f) => `/api/chats/${room}/files/${f.id}`));
};
const loaded = (page, name) => page.waitForFunction((name) => [...document.querySelectorAll(`button[aria-label="View ${name}"] img`)].some((i) => i.complete && i.naturalWidth > 0), name);

test("each sends a picture, a video and a PDF, and all see them", async () => {
  for (const [i, p] of [ann, bob, cem].entries()) {
    await attach(p, picture, video, pdf);
    await attached(p).nth(2).waitFor();
    await field(p).fill(`From ${i}`);
    await send(p);
    for (const other of [ann, bob, cem]) {
      const m = row(other, `From ${i}`).and(other.locator("[data-seq]"));
      await m.getByRole("button", { name: "View house.png" }).waitFor();
      await m.locator("video").waitFor();
      await m.getByRole("link", { name: /^Download plan\.pdf/ }).waitFor();
      await loaded(other, "house.png");
    }
  }
  for (const p of [ann, bob, cem]) {
    assert.deepEqual(await names(p), [0, 1, 2].map((i) => `From ${i}|house.png|tour.webm|plan.pdf`));
    assert.equal((await sums(p))[2], sum(pdf.buffer));
    assert.equal(await wide(p), false);
    await h.accessible(p, "exchange");
  }
});

test("a phone takes a photo", async () => {
  await press(cem, "Attach files");
  await h.shot(cem, "attach-menu-360");
  const [chooser] = await Promise.all([cem.waitForEvent("filechooser"), cem.getByRole("menuitem", { name: "Take a photo" }).click()]);
  assert.deepEqual(await chooser.element().evaluate((e) => [e.accept, e.getAttribute("capture")]), ["image/*", "environment"]);
  await chooser.setFiles({ ...picture, name: "photo.png" });
  await attached(cem).waitFor();
  await send(cem);
  await loaded(ann, "photo.png");
  await press(cem, "Attach files");
  const [files] = await Promise.all([cem.waitForEvent("filechooser"), cem.getByRole("menuitem", { name: "Choose files" }).click()]);
  assert.equal(files.isMultiple(), true);
  await files.setFiles([pdf]);
  await press(cem, "Remove plan.pdf");
});

test("several files keep the order in which they were chosen, whatever their sizes", async () => {
  const chosen = [large("first.bin"), pdf, picture, large("last.bin")];
  await attach(bob, ...chosen);
  await say(bob, "In order");
  await row(ann, "In order").getByRole("link", { name: /^Download last\.bin/ }).waitFor();
  assert.equal((await names(ann)).at(-1), "In order|first.bin|plan.pdf|house.png|last.bin");
  const got = await sums(ann);
  assert.deepEqual([got[0], got[1], got[3]], [chosen[0], chosen[1], chosen[3]].map((f) => sum(f.buffer)));
});

for (const moving of [gif, webp]) test(`${moving.name} is still until it is played`, async () => {
  const text = `Hello to all from ${moving.name}`;
  await attach(ann, moving);
  await say(ann, text);
  for (const p of [bob, cem]) {
    const m = row(p, text);
    const src = () => m.locator(".picture-view img").getAttribute("src");
    await m.getByRole("button", { name: `Play ${moving.name}` }).waitFor();
    assert.match(await src(), /\/thumb$/);
    await m.getByRole("button", { name: `Play ${moving.name}` }).press("Enter");
    await m.getByRole("button", { name: `Stop ${moving.name}` }).waitFor();
    assert.doesNotMatch(await src(), /\/thumb$/);
    await h.accessible(p, "animation"); // and from here the page prefers reduced motion
    await m.getByRole("button", { name: `Stop ${moving.name}` }).click();
    assert.match(await src(), /\/thumb$/);
    for (const [reducedMotion, want] of [["no-preference", "Stop"], ["reduce", "Play"]]) {
      await p.emulateMedia({ reducedMotion });
      await m.getByRole("button", { name: `View ${moving.name}` }).click();
      await p.getByRole("dialog").getByRole("button", { name: `${want} ${moving.name}` }).waitFor();
      if (want === "Play") await h.accessible(p, "animation-viewer");
      await p.keyboard.press("Escape");
      await p.getByRole("dialog").waitFor({ state: "detached" });
    }
  }
});

test("a HEIC picture is sent as a file where the browser cannot read it", async () => {
  await attach(ann, { name: "IMG_1.HEIC", mimeType: "", buffer: heic });
  await attached(ann).getByText("IMG_1.HEIC").waitFor();
  await say(ann, "From my phone");
  await row(bob, "From my phone").getByRole("link", { name: /^Download IMG_1\.HEIC/ }).waitFor();
});

test("an upload goes on where the killed server was", async () => {
  h.down = true;
  let patches = 0;
  await bob.route(/\/api\/uploads\//, async (route) => {
    if (route.request().method() === "PATCH" && ++patches === 2) await h.parley.stop("SIGKILL");
    await route.continue();
  });
  const file = large("through.bin");
  await attach(bob, file);
  await say(bob, "Through the restart");
  await pending(bob).getByText("Waiting for connection").waitFor();
  await h.parley.start();
  const offsets = [];
  bob.on("request", (r) => r.method() === "PATCH" && offsets.push(Number(r.headers()["upload-offset"])));
  for (const p of [ann, bob, cem]) await wake(p);
  await row(cem, "Through the restart").getByRole("link", { name: /^Download through\.bin/ }).waitFor();
  await bob.unroute(/\/api\/uploads\//);
  for (const p of [ann, bob, cem]) await p.locator(".connection-banner").waitFor({ state: "detached" });
  h.down = false;
  assert.ok(offsets[0] > 0, `it went on at ${offsets}`);
  assert.deepEqual(await sums(ann), [sum(file.buffer)]);
  assert.equal((await names(ann)).filter((n) => n.startsWith("Through the restart")).length, 1);
});

test("on a slow line the progress moves", async () => {
  const line = new Line();
  const url = await line.listen(new URL(h.parley.url));
  try {
    await copySession(bob, url, h.parley.url);
    const page = await h.watch(await bob.context().newPage());
    await page.goto(new URL(`/c/${room}`, url).href);
    await attach(page, large("slow.bin"));
    line.bytesPerSecond = 1_000_000; // the buffers of the sockets hold some megabytes
    await say(page, "Slowly");
    const bar = page.getByRole("progressbar", { name: "Uploading slow.bin" });
    await bar.waitFor();
    const seen = await bar.evaluate((e) => new Promise((ok) => {
      const values = new Set([e.value]);
      const look = () => {
        if (!e.isConnected) return ok([...values]);
        values.add(e.value);
        requestAnimationFrame(look);
      };
      look();
    }));
    assert.ok(seen.length >= 3, `the values were ${seen}`);
    assert.deepEqual(seen, [...seen].sort((a, b) => a - b)); // it never goes back
    line.bytesPerSecond = Infinity;
    await row(ann, "Slowly").getByRole("link", { name: /^Download slow\.bin/ }).waitFor();
    await page.close();
  } finally {
    line.close();
  }
});

test("after a crash the message with files is sent by the next page, exactly once", async () => {
  const folder = await mkdtemp(join(tmpdir(), "parley-browser-"));
  const file = large("crash.bin");
  const start = async () => {
    const browser = await h.kept(folder);
    const page = await h.watch(await browser.newPage());
    await page.goto(h.at("/"));
    await api(page, "POST", "/api/sessions", { handle: "bob", password: "correct horse", cookie: true });
    return { page, kill: () => h.kill(browser) };
  };
  try {
    const first = await start();
    let stuck;
    const cut = new Promise((ok) => (stuck = ok));
    let patches = 0;
    await first.page.route(/\/api\/uploads\//, (route) => (route.request().method() === "PATCH" && ++patches === 2 ? stuck() : route.continue()));
    await first.page.goto(h.at(`/c/${room}`));
    await attach(first.page, file);
    await say(first.page, "Before the crash");
    await cut;
    await kept(first.page, "files", () => "a file", ["a file"]);
    await kept(first.page, "outbox", (p) => [p.text, !!p.files[0].id].join(), ["Before the crash,true"]);
    await first.kill();
    const { page, kill } = await start();
    const posts = [];
    page.on("request", (r) => r.method() === "POST" && r.url().endsWith("/api/uploads") && posts.push(r.url()));
    await page.goto(h.at(`/c/${room}`));
    await row(ann, "Before the crash").getByRole("link", { name: /^Download crash\.bin/ }).waitFor();
    await kept(page, "files", () => "a file", []);
    assert.deepEqual(posts, []); // it went on with the same upload
    assert.equal((await names(ann)).filter((n) => n === "Before the crash|crash.bin").length, 1);
    assert.deepEqual(await sums(ann), [sum(file.buffer)]);
    await kill();
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

test("no row moves when pictures load", async () => {
  for (const p of [ann, cem]) {
    let release;
    const held = new Promise((ok) => (release = ok));
    await p.route(/\/thumb$/, async (route) => {
      await held;
      await route.continue();
    });
    const photos = await p.evaluate(() => document.querySelectorAll(".picture-view").length);
    assert.ok(photos > 3);
    await p.reload();
    await p.locator(".picture-view").last().waitFor();
    await p.evaluate(() => new Promise((ok) => setTimeout(ok, 600))); // a shift within 500 ms of input does not count
    await p.evaluate(() => {
      globalThis.shifts = [];
      new PerformanceObserver((list) => globalThis.shifts.push(...list.getEntries().map((e) => e.value))).observe({ type: "layout-shift" });
    });
    const tops = () => p.evaluate(() => [...document.querySelectorAll(".message[data-seq]")].map((m) => m.getBoundingClientRect().top));
    const before = await tops();
    release();
    await p.waitForFunction(() => [...document.querySelectorAll(".picture-view img")].filter((i) => i.getBoundingClientRect().top >= 0).every((i) => i.complete && i.naturalWidth > 0));
    assert.deepEqual(await tops(), before);
    assert.deepEqual(await p.evaluate(() => globalThis.shifts), []);
    await p.unroute(/\/thumb$/);
  }
});

test("the viewer on a phone: swipe, zoom, download, and back", async () => {
  await attach(ann, { ...picture, name: "one.png" }, { ...picture, name: "two.png" });
  await say(ann, "Two of them");
  const second = row(cem, "Two of them").getByRole("button", { name: "View one.png" });
  await second.focus(); // a tap right after rows moved is taken as one for another row
  await second.press("Enter");
  const viewer = cem.getByRole("dialog");
  await viewer.getByText("1 of 2").waitFor();
  const touch = await cem.context().newCDPSession(cem);
  /** The finger stops before it leaves: Chromium takes a tap right after a throw as one that stops the scroll. */
  const swipe = async (from, to) => {
    const frame = () => cem.evaluate(() => new Promise(requestAnimationFrame));
    await touch.send("Input.dispatchTouchEvent", { type: "touchStart", touchPoints: [{ x: from, y: 400 }] });
    for (const x of [(from + to) / 2, to, to + 1, to, to + 1]) {
      await touch.send("Input.dispatchTouchEvent", { type: "touchMove", touchPoints: [{ x, y: 400 }] });
      for (let n = 0; n < 3; n++) await frame();
    }
    await touch.send("Input.dispatchTouchEvent", { type: "touchEnd", touchPoints: [] });
  };
  await swipe(300, 60);
  await viewer.getByText("2 of 2").waitFor();
  await swipe(60, 300);
  await viewer.getByText("1 of 2").waitFor();
  await viewer.getByRole("button", { name: /^Zoom/ }).tap();
  await cem.waitForFunction(() => document.querySelector(".viewer-picture")?.ariaPressed === "true");
  await swipe(300, 60); // moves the zoomed picture
  await viewer.getByText("1 of 2").waitFor();
  await h.accessible(cem, "viewer-zoomed");
  const [saved] = await Promise.all([cem.waitForEvent("download"), viewer.getByRole("link", { name: /^Download one\.png/ }).tap()]);
  assert.equal(saved.suggestedFilename(), "one.png");
  await viewer.getByRole("button", { name: "Close" }).tap();
  await viewer.waitFor({ state: "detached" });
  assert.equal(await list(cem).isVisible(), true);
});

h.noFaults();
