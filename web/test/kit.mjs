// What the stories share: a server and a browser for a file, people in it, and
// the few words in which the stories are told. Anything that a page says on its
// console, and any breach of its policy, fails the file that it happens in.
// The browser is CHROMIUM or /usr/bin/chromium; PARLEY_SHOTS keeps the pictures.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test as nodeTest } from "node:test";
import { setTimeout } from "node:timers/promises";
import { chromium } from "playwright-core";
import { Parley } from "./parley.mjs";

const axe = readFileSync(new URL("../node_modules/axe-core/axe.min.js", import.meta.url), "utf8");
const chromiumFlags = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync",
  "--host-resolver-rules=MAP chat.lan 127.0.0.1"]; // a name on a LAN: plain http, and so no secure context

export const wideScreen = { viewport: { width: 1280, height: 800 } };
/** A phone's width, with fingers. */
export const phone = { viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true };

let failed = "", open; // the file's house, while it stands
/**
 * A story. Those of a file follow from each other: after one that failed the rest would only wait in vain. With that
 * and its own bound, a fault that hangs costs a file four minutes, however many stories it has. One that fails says
 * what each page showed.
 */
export const test = (name, tell) => nodeTest(name, { timeout: 240_000 }, async (t) => {
  if (failed) return t.skip(`follows “${failed}”, which failed`);
  failed = name;
  try {
    await tell();
  } catch (err) {
    await open?.tellAll((line) => t.diagnostic(line)).catch(() => {});
    throw err;
  }
  failed = "";
});

/** A house: one server, with further flags, and one browser for the stories of a file; furnish brings people in. */
export function house(furnish = async (h) => {}, flags = []) {
  const h = new House(flags);
  before(async () => {
    failed = "the furnishing of the house";
    await h.open();
    await furnish(h);
    failed = "";
  }, { timeout: 240_000 });
  after(() => h.close());
  return h;
}

/** Whether the process can still write; one that ended stays as a zombie ("Z") until its parent asks for its result. */
function runs(id) {
  try {
    return !readFileSync(`/proc/${id}/stat`, "latin1").includes(") Z ");
  } catch {
    return false;
  }
}

export class House {
  parley;
  browser;
  /** The server is meant to be away: failures to reach it are no fault. */
  down = false;
  /** What nobody expected. Call quiet at the end of a file. */
  faults = [];
  #shots = "";
  #contexts = [];
  #names = 0;

  constructor(flags) {
    this.parley = new Parley(flags);
  }

  async open() {
    open = this;
    await this.parley.start();
    this.#shots = process.env.PARLEY_SHOTS ?? (await mkdtemp(join(tmpdir(), "parley-shots-")));
    this.browser = await chromium.launch({ executablePath: process.env.CHROMIUM || "/usr/bin/chromium", args: chromiumFlags });
  }

  async close() {
    await this.browser?.close();
    await this.parley.remove();
    if (!process.env.PARLEY_SHOTS && this.#shots) await rm(this.#shots, { recursive: true, force: true });
  }

  at(path) {
    return new URL(path, this.parley.url).href;
  }

  /** A browser of its own for somebody, nobody signed in. Ends with the house. */
  async stranger(options = wideScreen) {
    const context = await this.browser.newContext({ locale: "en-GB", ...options });
    this.#contexts.push(context);
    return this.watch(await context.newPage());
  }

  /** A browser of its own that keeps what it has in a folder, as everybody's does. */
  kept(folder) {
    return chromium.launchPersistentContext(folder, { executablePath: process.env.CHROMIUM || "/usr/bin/chromium", args: chromiumFlags, locale: "en-GB", ...wideScreen });
  }

  /** Ends such a browser as a crash of the machine would: no process of it writes anything more. */
  async kill(context) {
    const gone = new Promise((ok) => context.once("close", ok));
    const { processInfo } = await (await context.browser().newBrowserCDPSession()).send("SystemInfo.getProcessInfo");
    processInfo.sort((a, b) => (b.type === "browser") - (a.type === "browser")); // first the one that would start others
    for (const { id } of processInfo) {
      try {
        process.kill(id, "SIGKILL");
      } catch (err) {
        if (err.code !== "ESRCH") throw err; // ended with the first
      }
    }
    await gone;
    while (processInfo.some(({ id }) => runs(id))) await setTimeout(20); // the processes do not end at the same moment
  }

  /** A further page, for example another tab of page.context(). */
  async watch(page) {
    page.setDefaultTimeout(90_000); // longer than the minute that a page may wait before it tries to reach its server again
    page.on("pageerror", (e) => this.faults.push(`${page.url()}: ${e}`));
    page.on("console", (m) => {
      if (m.type() !== "error") return;
      const of = m.location().url;
      if (/\/api\/(me|server|users\/[\w-]+|accounts|sessions|recoveries\/use|invites\/peek)$/.test(of) && / 4\d\d /.test(m.text())) return; // refusals that the page shows itself
      if (/ 401 /.test(m.text())) return; // whose page it was: the page says so
      if (/\/api\/chats\/[^/]+$/.test(of) && / 404 /.test(m.text())) return; // a chat that one is no member of
      if (this.down && /ERR_CONNECTION|ERR_EMPTY|ERR_FAILED|ERR_INTERNET|WebSocket/.test(m.text())) return;
      this.faults.push(`${page.url()}: ${m.text()} (${of})`);
    });
    await page.addInitScript(() => {
      document.addEventListener("securitypolicyviolation", (e) => console.error(`policy: ${e.violatedDirective} ${e.blockedURI} ${e.sample}`));
    });
    return page;
  }

  /** A page of somebody signed in, made over HTTP: the first is the owner, Ann. */
  async person(name, options = wideScreen) {
    const page = await this.stranger(options);
    await page.goto(this.at("/")); // so that its calls have our origin
    const first = this.#names++ === 0;
    const code = first ? { setup: /#setup=(.+)$/.exec(this.parley.setup)[1], serverName: "Our house" } : { invite: await this.invite() };
    await api(page, "POST", "/api/accounts", { handle: name.toLowerCase().replace(/\W+/g, ""), name, password: "correct horse", cookie: true, ...code });
    if (first) this.owner = page;
    await page.goto(this.at("/"));
    await page.getByRole("button", { name: "New chat", exact: true }).waitFor();
    return page;
  }

  /** An invite's code, from the owner. */
  async invite(chatId) {
    const { url } = await api(this.owner, "POST", "/api/invites", { uses: 100, expiresAt: Date.now() + 864e5, chatId });
    return /#invite=(.+)$/.exec(url)[1];
  }

  /** A group with these people, made by the first; each of them looks at it. */
  async chat(title, ...people) {
    const [first, ...others] = people;
    const members = await Promise.all(others.map(async (p) => (await api(p, "GET", "/api/me")).user.id));
    const { chat } = await api(first, "POST", "/api/chats", { clientId: crypto.randomUUID(), kind: "group", title, members });
    for (const p of people) {
      await p.goto(this.at(`/c/${chat.id}`));
      await p.getByRole("heading", { name: title, exact: true }).waitFor();
    }
    return chat.id;
  }

  shot(page, name) {
    return page.screenshot({ path: join(this.#shots, `${name}.png`) });
  }

  /** What each page shows, the newest last: what one who was not there needs to understand a failure. */
  async tellAll(say) {
    for (const [i, page] of this.#contexts.flatMap((c) => c.pages()).entries()) {
      await this.shot(page, `failed-${i}`);
      say(`${page.url()} showed, and had the focus in ${await page.evaluate(() => document.activeElement?.outerHTML.slice(0, 120))}:`);
      for (const line of (await page.locator("body").ariaSnapshot()).split("\n").slice(-60)) say(`  ${line}`);
    }
  }

  /** What axe finds wrong with the page as it stands, in light and in dark: nothing. */
  async accessible(page, name) {
    // A phone's dialog with a field waits unseen for the keyboard, up to 0.6 s: until then there is neither page nor dialog.
    await page.waitForFunction(() => ![...document.querySelectorAll(".veil")].some((e) => getComputedStyle(e).opacity === "0"));
    await page.evaluate(axe);
    for (const colorScheme of ["light", "dark"]) {
      await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
      const look = () => page.evaluate(async () => (await globalThis.axe.run(document)).violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.html.slice(0, 160)).join(" | ")}`));
      let found = await look();
      for (let again = 4; found.length && again > 0; again--) found = await look(); // a view that was still coming
      assert.deepEqual(found, [], `${name}, ${colorScheme}`);
      await this.shot(page, `${name}-${page.viewportSize().width}-${colorScheme}`);
    }
  }

  /** The last story of each file. */
  quiet() {
    nodeTest("no page reported an error", () => assert.deepEqual(this.faults, []));
  }
}

/** One call of the HTTP API as the page's user; what it answers. */
export const api = (page, method, path, body) => page.evaluate(async ([method, path, body]) => {
  const answer = await fetch(path, { method, headers: { "Content-Type": "application/json" }, body: body && JSON.stringify(body) });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
  return text ? JSON.parse(text) : undefined;
}, [method, path, body]);

/** Posts "NAME 1" to "NAME n" as the page's user, without the page. */
export const post = (page, chatId, n, name, replyTo) => page.evaluate(async ([id, n, name, replyTo]) => {
  for (let i = 1; i <= n; i++) {
    const body = JSON.stringify({ clientId: `${name}-${i}`, text: `${name} ${i}`, replyTo });
    const answer = await fetch(`/api/chats/${id}/messages`, { method: "POST", headers: { "Content-Type": "application/json" }, body });
    if (!answer.ok) throw new Error(await answer.text());
  }
}, [chatId, n, name, replyTo]);

/** The server knows that its user has read the chat: what comes is all the news there is. */
export const allRead = async (page, chatId) => {
  while ((await api(page, "GET", `/api/chats/${chatId}`)).chat.unread > 0);
};

export const fill = async (page, values) => {
  for (const [label, value] of Object.entries(values)) await page.getByLabel(label, { exact: true }).fill(value);
};
export const press = (page, name) => page.getByRole("button", { name, exact: true }).click();
export const heading = (page, name) => page.getByRole("heading", { name, exact: true }).waitFor();
/** The log of the open chat. */
export const list = (page) => page.getByRole("region", { name: "Messages" });
export const texts = (page, text) => list(page).getByText(text, { exact: true });
export const row = (page, text) => page.locator(".message", { has: page.getByText(text, { exact: true }) });
export const field = (page) => page.getByPlaceholder(/^Write to /);
/** Writes a text and sends it, whatever sends on this device. */
export const say = async (page, text) => {
  await field(page).fill(text);
  await press(page, "Send");
};
/** What is written in the field is that, now or soon. */
export const holds = (page, text) => page.waitForFunction((text) => document.querySelector("[data-composer]")?.value === text, text);
/** What a device says when it wakes: the page tries its server at once, however long it meant to wait. */
export const wake = (page) => page.evaluate(() => dispatchEvent(new Event("online")));
/** The message stands in the log. */
export const sent = (page, text) => page.locator(".message[data-seq]", { has: page.getByText(text, { exact: true }) }).waitFor();
export const choose = async (page, text, deed) => {
  await row(page, text).hover();
  await row(page, text).getByRole("button", { name: /^What can be done/ }).click();
  await page.getByRole("menuitem", { name: deed, exact: true }).click();
};
/** Waits until a table on the page's disk holds rows of which what() is this, in any order, and no others. */
export const kept = async (page, table, what, want) => {
  for (const until = Date.now() + 60_000; ; ) {
    const rows = await page.evaluate((table) => new Promise((ok) => {
      const opening = indexedDB.open("parley");
      opening.onsuccess = () => {
        const all = opening.result.transaction(table).objectStore(table).getAll();
        all.onsuccess = () => {
          opening.result.close();
          ok(all.result);
        };
      };
    }), table);
    const there = rows.map(what).sort();
    if (JSON.stringify(there) === JSON.stringify([...want].sort())) return;
    if (Date.now() > until) assert.deepEqual(there, want);
  }
};
/** The page can be scrolled sideways, which no page should. */
export const wide = (page) => page.evaluate((width) => document.documentElement.scrollWidth > width, page.viewportSize().width); // innerWidth grows with what does not fit
