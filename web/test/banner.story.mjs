// The connection banner: when it is shown, and what it says.
import assert from "node:assert/strict";
import { decodeMulti, encode } from "@msgpack/msgpack";
import { field, holds, testEnvironment, list, phone, post, say, sent, test, texts, wake, wide } from "./kit.mjs";

let ann, bob, room;
const h = testEnvironment(async (h) => {
  ann = await h.signedIn("Ann");
  bob = await h.signedIn("Bob", phone);
  room = await h.chat("Garden", ann, bob);
});

const strip = (page) => page.locator(".connection-banner");
const banner = (page, text) => strip(page).getByText(text).waitFor();
const calm = (page) => strip(page).waitFor({ state: "detached", timeout: 60_000 });
/** Opens a tab whose sockets are closed with line.code while it is set, and whose server has the version line.version if set. */
async function onLine(page, line) {
  const tab = await h.watch(await page.context().newPage());
  await tab.routeWebSocket(/\/api\/socket/, (ws) => {
    if (line.code) return ws.close(line);
    line.cut = (code, reason = "") => ws.close({ code, reason });
    const server = ws.connectToServer();
    ws.onMessage((m) => server.send(m));
    server.onMessage((m) => ws.send(line.version ? Buffer.concat([...decodeMulti(m)].map((v) => encode(v.ok?.version ? { ...v, ok: { ...v.ok, version: line.version } } : v))) : m));
  });
  await tab.goto(h.at(`/c/${room}`));
  await field(tab).waitFor();
  return tab;
}

test("a restart of the server is shown, and the banner covers nothing", async () => {
  for (const p of [ann, bob]) await p.getByText(/^No messages yet/).waitFor();
  h.down = true;
  await h.parley.stop("SIGTERM");
  for (const p of [ann, bob]) {
    await banner(p, /^The server is restarting/);
    const [above, header] = await Promise.all([strip(p).boundingBox(), p.locator(".conversation > header").boundingBox()]);
    assert.ok(header.y >= above.y + above.height);
    assert.equal(await wide(p), false);
    for (const colorScheme of ["light", "dark"]) {
      await p.emulateMedia({ colorScheme });
      await h.shot(p, `restarting-${p.viewportSize().width}-${colorScheme}`);
    }
  }
  const now = strip(bob).getByRole("button", { name: "Retry now" });
  const box = await now.boundingBox();
  assert.ok(box.height <= 48, "the button's word is broken");
  await h.parley.start();
  for (const p of [ann, bob]) await wake(p);
  for (const p of [ann, bob]) await calm(p);
  h.down = false;
});

test("the browser's offline and online events show and hide the banner within seconds", async () => {
  h.down = true;
  await bob.context().setOffline(true);
  await banner(bob, /^You're offline/);
  await say(bob, "From the tunnel");
  await bob.locator(".message[data-pending]", { hasText: "From the tunnel" }).waitFor();
  await bob.context().setOffline(false); // the online event reconnects at once
  await calm(bob);
  h.down = false;
  await sent(bob, "From the tunnel");
  await texts(ann, "From the tunnel").waitFor();
});

test("too many connections show a countdown, which Now ends", async () => {
  const line = {};
  const tab = await onLine(ann, line);
  await texts(tab, "From the tunnel").waitFor();
  Object.assign(line, { code: 4008, reason: "too many; retryAfterMs=600000" });
  line.cut(4008, "too many; retryAfterMs=600000");
  await banner(tab, /^Too many connections.*Retrying in [56]\d\d s/);
  delete line.code;
  await strip(tab).getByRole("button", { name: "Retry now" }).click();
  await calm(tab);
  await say(tab, "And back");
  await sent(tab, "And back");
  await tab.close();
});

test("another version of the server asks for a reload, which keeps the draft", async () => {
  const line = {};
  const tab = await onLine(ann, line);
  await texts(tab, "And back").waitFor();
  line.version = "the next one";
  line.cut(4000, "restarting; retryAfterMs=10");
  await banner(tab, /new version/);
  await field(tab).fill("half written");
  await h.shot(tab, "outdated-1280");
  await strip(tab).getByRole("button", { name: "Reload" }).click();
  await calm(tab);
  await holds(tab, "half written");
  await field(tab).fill("");
  await tab.close();
});

test("more messages than the rate limit are all sent in time", async () => {
  h.down = true;
  await h.parley.stop("SIGTERM");
  h.parley.flags = ["--limit-posts", "2/15s"];
  await h.parley.start();
  for (const p of [ann, bob]) await calm(p);
  h.down = false;
  const want = Array.from({ length: 4 }, (_, i) => `Quick ${i + 1}`);
  for (const text of want) await say(bob, text);
  await banner(bob, /^You're sending messages too fast/);
  await h.shot(bob, "held-360");
  for (const text of want) await bob.locator(".message[data-seq]", { hasText: text }).waitFor({ timeout: 60_000 });
  await calm(bob);
  await list(ann).locator(".message-body", { hasText: want.at(-1) }).waitFor();
  assert.deepEqual((await list(ann).locator(".message-body", { hasText: "Quick" }).allInnerTexts()), want);
  h.down = true;
  await h.parley.stop("SIGTERM");
  h.parley.flags = [];
  await h.parley.start();
  for (const p of [ann, bob]) await calm(p);
  h.down = false;
});

test("a page that is too far behind keeps position, draft and outbox", async () => {
  await post(ann, room, 60, "Early");
  const line = {};
  const tab = await onLine(bob, line);
  await texts(tab, "Early 60").waitFor();
  await texts(tab, "Early 30").evaluate((e) => e.scrollIntoView({ block: "start" }));
  // Positions inside the log, because the banner above it comes and goes.
  const top = () => texts(tab, "Early 30").evaluate((e) => e.getBoundingClientRect().top - e.closest(".message-scroller").getBoundingClientRect().top);
  Object.assign(line, { code: 4003, reason: "feed lost; retryAfterMs=600000" });
  line.cut(4003, "feed lost; retryAfterMs=600000");
  await banner(tab, /Can't reach the server/);
  await field(tab).fill("still thinking");
  await post(ann, room, 1010, "Late");
  const was = await top();
  await texts(tab, "Early 30").evaluate((e) => { e.dataset.before = ""; });
  delete line.code;
  await strip(tab).getByRole("button", { name: "Retry now" }).click();
  await calm(tab);
  await texts(tab, "Early 30").and(tab.locator(":not([data-before])")).waitFor(); // loaded again
  await tab.evaluate(() => new Promise((ok) => requestAnimationFrame(() => requestAnimationFrame(ok))));
  const now = await top();
  const stands = await list(tab).evaluate((box) => [box.scrollTop, box.clientHeight, box.scrollHeight, box.querySelector("li[data-seq]").dataset.seq, [...box.querySelectorAll("li[data-seq]")].at(-1).dataset.seq]);
  assert.ok(Math.abs(now - was) <= 1, `the row moved from ${was} to ${now}; at, height, content, first, last: ${stands}`);
  await holds(tab, "still thinking");
  await field(tab).press("Enter");
  await sent(tab, "still thinking");
  await texts(ann, "still thinking").waitFor();
  await tab.close();
});

h.noFaults();
