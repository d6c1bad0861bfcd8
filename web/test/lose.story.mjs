// Never losing: a server that dies, answers that are lost, a page that is reloaded.
import assert from "node:assert/strict";
import { test } from "node:test";
import { house, phone, say, sent, texts } from "./kit.mjs";

let ann, bob, room;
const h = house(async (h) => {
  ann = await h.person("Ann");
  bob = await h.person("Bob", phone);
  room = await h.chat("Garden", ann, bob);
});

test("after a kill both come back, and what was written meanwhile arrives once", async () => {
  for (const p of [ann, bob]) await p.getByText(/^Nothing was said here yet/).waitFor();
  h.down = true;
  await h.parley.stop("SIGKILL");
  await Promise.all([ann, bob].map((p) => p.locator(".banner").getByText(/cannot be reached/).waitFor()));
  await say(bob, "Written in the dark");
  await bob.locator(".message[data-pending]", { hasText: "Written in the dark" }).getByText("Waits for the connection").waitFor();
  await h.shot(bob, "offline-360");
  await h.parley.start();
  for (const p of [ann, bob]) await p.locator(".banner").waitFor({ state: "detached", timeout: 60_000 });
  h.down = false;
  await sent(bob, "Written in the dark");
  await texts(ann, "Written in the dark").waitFor();
  await say(ann, "Light again");
  await texts(bob, "Light again").waitFor();
  for (const p of [ann, bob]) assert.equal(await texts(p, "Written in the dark").count(), 1);
  await ann.reload();
  await texts(ann, "Light again").waitFor();
  assert.equal(await texts(ann, "Written in the dark").count(), 1);
});

const isPost = (m) => m.includes(Buffer.from("\xa2do\xa4post\xa6", "latin1"));

test("a post whose acknowledgement is lost is one message", async () => {
  const tab = await h.watch(await bob.context().newPage());
  let cuts = 3; // times that neither the answer nor the event gets through
  let posted = false;
  await tab.routeWebSocket(/\/api\/socket/, (ws) => {
    const server = ws.connectToServer();
    ws.onMessage((m) => {
      posted ||= isPost(m);
      server.send(m);
    });
    server.onMessage((m) => {
      if (!posted || cuts === 0) return ws.send(m);
      cuts--;
      posted = false;
      ws.close({ code: 4001, reason: "too slow retryAfterMs=10" });
    });
  });
  await tab.goto(h.at(`/c/${room}`));
  await texts(tab, "Light again").waitFor();
  for (const text of ["Said once", "Said one more time", "Said last"]) {
    await say(tab, text);
    await sent(tab, text);
    await texts(ann, text).waitFor();
    for (const p of [tab, bob, ann]) {
      await sent(p, text);
      assert.equal(await texts(p, text).count(), 1);
    }
  }
  assert.equal(cuts, 0);
  await tab.close();
});

test("what was not sent outlives a reload", async () => {
  const tab = await h.watch(await bob.context().newPage());
  let cut = true;
  await tab.routeWebSocket(/\/api\/socket/, (ws) => {
    const server = ws.connectToServer();
    ws.onMessage((m) => {
      if (!cut || !isPost(m)) server.send(m); // else it never reaches the server
    });
  });
  await tab.goto(h.at(`/c/${room}`));
  await texts(tab, "Said last").waitFor();
  await say(tab, "Kept");
  await tab.locator(".message[data-pending]", { hasText: "Kept" }).waitFor();
  cut = false;
  await tab.reload();
  await sent(tab, "Kept");
  await texts(ann, "Kept").waitFor();
  assert.equal(await texts(ann, "Kept").count(), 1);
  await tab.close();
});

h.quiet();
