// Slow connections: a hello that takes longer than any single timeout arrives at the first attempt.
import assert from "node:assert/strict";
import { api, testEnvironment, list, post, sent, test } from "./kit.mjs";
import { copySession, Line } from "./line.mjs";

const title = (n) => `A chat of ours with a name as long as people give them, number ${n}`;
let ann, bob;
const h = testEnvironment(async (h) => {
  ann = await h.signedIn("Ann");
  bob = await h.signedIn("Bob");
});

/** Creates groups of Ann's, with a message in each, until there are n. */
const groups = (from, to) => ann.evaluate(async ([from, to, title]) => {
  const call = (path, body) => fetch(path, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) }).then((r) => r.json());
  for (let i = from; i < to; i += 20) {
    await Promise.all(Array.from({ length: Math.min(20, to - i) }, async (_, k) => {
      const { chat } = await call("/api/chats", { clientId: `group-${i + k}`, kind: "group", title: `${title}${i + k}`, members: [] });
      await call(`/api/chats/${chat.id}/messages`, { clientId: `hello-${i + k}`, text: "Some words, as people write them to each other every day." });
    }));
  }
}, [from, to, title("")]);

for (const [from, to, bytesPerSecond] of [[0, 300, 4000], [300, 1000, 10_000]]) {
  test(`${to} chats at ${bytesPerSecond / 1000} kB/s: the page connects at the first attempt`, async () => {
    await groups(from, to);
    const line = new Line();
    const url = await line.listen(new URL(h.parley.url));
    try {
      await copySession(ann, url, h.parley.url);
      const page = await h.watch(await ann.context().newPage());
      await page.goto(url);
      await page.getByRole("link", { name: new RegExp(`number ${to - 1}\\b`) }).waitFor();
      h.down = true;
      line.sockets = 0;
      line.bytesPerSecond = bytesPerSecond;
      line.cut();
      await page.locator(".connection-banner").waitFor();
      await api(ann, "POST", "/api/chats", { clientId: `news-${to}`, kind: "group", title: `The news of ${to}`, members: [] });
      await page.getByRole("link", { name: `The news of ${to}` }).waitFor();
      await page.locator(".connection-banner").waitFor({ state: "detached" });
      assert.equal(line.sockets, 1);
      await page.close();
    } finally {
      line.close();
      h.down = false;
    }
  });
}

test("a page of long messages loads on a slow connection", async () => {
  const { chat } = await api(bob, "POST", "/api/chats", { clientId: "long", kind: "group", title: "Long", members: [] });
  await post(bob, chat.id, 1, "First");
  for (let i = 0; i < 20; i++) await api(bob, "POST", `/api/chats/${chat.id}/messages`, { clientId: `long-${i}`, text: `${i} ${"long ".repeat(3000)}` });
  await post(bob, chat.id, 1, "Last");
  const line = new Line();
  const url = await line.listen(new URL(h.parley.url));
  try {
    await copySession(bob, url, h.parley.url);
    const page = await h.watch(await bob.context().newPage());
    await page.goto(url);
    await page.getByRole("link", { name: /^Long/ }).waitFor();
    line.bytesPerSecond = 4000;
    line.sockets = 0;
    await page.getByRole("link", { name: /^Long/ }).click();
    await sent(page, "Last 1");
    await list(page).locator(".message").nth(1).waitFor();
    assert.equal(line.sockets, 0, "the connection was lost on the way");
    await page.close();
  } finally {
    line.close();
  }
});

h.noFaults();
