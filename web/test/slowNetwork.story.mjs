// Slow connections: a hello that takes longer than any single timeout arrives at the first attempt.
import assert from "node:assert/strict";
import { connect, createServer } from "node:net";
import { api, testEnvironment, list, post, sent, test } from "./kit.mjs";

const everyMs = 100;

/** A TCP proxy with a limited bandwidth in each direction. */
class Line {
  bytesPerSecond = Infinity;
  /** Counts the WebSocket connections. */
  sockets = 0;
  #server;
  #open = new Set();

  async listen(to) {
    this.#server = createServer((page) => {
      const server = connect(Number(to.port), to.hostname);
      for (const s of [page, server]) {
        this.#open.add(s);
        s.on("error", () => {}).on("close", () => (this.#open.delete(s), page.destroy(), server.destroy()));
      }
      page.once("data", (head) => (this.sockets += Number(head.toString("latin1").startsWith("GET /api/socket"))));
      this.#pass(page, server);
      this.#pass(server, page);
    });
    await new Promise((ok) => this.#server.listen(0, "127.0.0.1", ok));
    return `http://127.0.0.1:${this.#server.address().port}`;
  }

  /** Reads from one end only what the other end may get, so that the sender is throttled. */
  #pass(from, to) {
    from.on("data", async (bytes) => {
      from.pause();
      while (bytes.length && !to.destroyed) {
        const some = bytes.subarray(0, Math.min(bytes.length, Math.max(1, (this.bytesPerSecond * everyMs) / 1000)));
        bytes = bytes.subarray(some.length);
        to.write(some);
        if (this.bytesPerSecond < Infinity) await new Promise((ok) => setTimeout(ok, everyMs));
      }
      from.resume();
    });
  }

  cut() {
    for (const s of this.#open) s.destroy();
  }

  close() {
    this.cut();
    this.#server.close();
  }
}

const title = (n) => `A chat of ours with a name as long as people give them, number ${n}`;
let ann, bob;
const h = testEnvironment(async (h) => {
  ann = await h.signedIn("Ann");
  bob = await h.signedIn("Bob");
});

/** Signs the page's user in at another port of the server, too: the name of the cookie carries the port. */
async function copySession(page, url) {
  const { port } = new URL(h.parley.url);
  const context = page.context();
  const [cookie] = (await context.cookies()).filter((c) => c.name.endsWith(`-${port}`));
  await context.addCookies([{ ...cookie, name: cookie.name.replace(port, new URL(url).port) }]);
}

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
      await copySession(ann, url);
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
    await copySession(bob, url);
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
