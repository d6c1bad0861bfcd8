// Times of messages: when they are copied, on hover, and at the lines between days.
import assert from "node:assert/strict";
import { decodeMulti, encode } from "@msgpack/msgpack";
import { api, list, post, row, sent, test, testEnvironment, texts } from "./kit.mjs";

let ann, room;
const h = testEnvironment(async (h) => {
  ann = await h.signedIn("Ann");
  room = await h.chat("Garden", ann);
  await post(ann, room, 2, "Note");
  await sent(ann, "Note 2");
});

test("several messages are copied with the name and time of their group", async () => {
  const text = await ann.evaluate(() => {
    const [a, b] = [...document.querySelectorAll(".message .message-body")].slice(-2);
    getSelection().setBaseAndExtent(a, 0, b, 1);
    const data = new DataTransfer();
    b.dispatchEvent(new ClipboardEvent("copy", { clipboardData: data, bubbles: true, cancelable: true }));
    return data.getData("text/plain");
  });
  assert.match(text, /^Ann, \w+,? \d+ \w+ \d{4}.* \d\d:\d\d:\d\d:\nNote 1\nNote 2$/);
});

test("the exact time is shown on hover and on focus", async () => {
  await list(ann).focus();
  await ann.keyboard.press("ArrowUp");
  const last = row(ann, "Note 2");
  await ann.waitForFunction(() => document.activeElement?.textContent.includes("Note 2"));
  const exact = await last.locator("time").getAttribute("title");
  assert.match(exact, /\d{4}.*\d\d:\d\d:\d\d/);
  assert.equal(await last.locator("time").evaluate((e) => getComputedStyle(e, "::after").content), JSON.stringify(exact));
  assert.ok((await last.getAttribute("aria-label")).includes(exact));
  await h.shot(ann, "exact-1280-light");
});

test("day lines follow the server's midnight", async () => {
  const page = await h.watch(await ann.context().newPage());
  // The server's clock is at noon of the messages' day; the page's own clock is three days fast.
  const { messages } = await api(ann, "GET", `/api/chats/${room}/messages?limit=1`);
  const noon = new Date(messages[0].at).setHours(12, 0, 0, 0);
  await page.clock.install({ time: noon + 3 * 864e5 });
  await page.routeWebSocket(/\/api\/socket/, (ws) => {
    const server = ws.connectToServer();
    ws.onMessage((m) => server.send(m));
    server.onMessage((m) => ws.send(Buffer.concat([...decodeMulti(m)].map((v) => encode(v.ok?.epoch ? { ...v, ok: { ...v.ok, now: noon } } : v)))));
  });
  await page.goto(h.at(`/c/${room}`));
  await texts(page, "Note 2").waitFor();
  await page.locator(".message-day", { hasText: /^Today$/ }).waitFor();
  await page.clock.fastForward("13:00:00");
  await page.locator(".message-day", { hasText: /^Yesterday$/ }).waitFor();
  await page.close();
});

h.noFaults();
