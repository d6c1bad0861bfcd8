// What the stories share: a server and a browser per file, users, and helpers. Any console error or
// policy violation of a page fails its file. The browser is CHROMIUM or /usr/bin/chromium;
// PARLEY_SHOTS keeps the screenshots.
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
  "--host-resolver-rules=MAP chat.lan 127.0.0.1"]; // a host on a LAN: plain http, so no secure context

export const wideScreen = { viewport: { width: 1280, height: 800 } };
/** A phone: narrow, with touch. */
export const phone = { viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true };

let failed = "", open; // the file's environment, while it is open
/**
 * Runs a story. The stories of a file build on each other, so after a failure the rest is skipped: a hang costs a file
 * at most four minutes. A failure reports what each page showed.
 */
export const test = (name, tell) => nodeTest(name, { timeout: 240_000 }, async (t) => {
  if (failed) return t.skip(`follows “${failed}”, which failed`);
  failed = name;
  try {
    await tell();
  } catch (err) {
    await open?.reportPages((line) => t.diagnostic(line)).catch(() => {});
    throw err;
  }
  failed = "";
});

/** Starts one server, with further flags, and one browser for the stories of a file; setUp creates users. */
export function testEnvironment(setUp = async (h) => {}, flags = [], browser = {}) {
  const h = new TestEnvironment(flags, browser);
  before(async () => {
    failed = "the setup of the environment";
    await h.open();
    await setUp(h);
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

const stillMs = 350; // longer than the page ignores presses on what moved
/** Waits at most 2 s, until f returns 0 in the page instead of the ms that are left. */
async function until(page, f) {
  for (const end = Date.now() + 2000; Date.now() < end; ) {
    const left = await page.evaluate(f, stillMs).catch(() => 0); // the page is another one now
    if (left <= 0) return;
    await setTimeout(left);
  }
}
/**
 * Lets all pages wait as a user does who looks first: click, dblclick and tap until no list has changed for stillMs, since
 * the page ignores a press that was aimed at what was there before; goto, reload and goBack until the page has gone back
 * over the entries that closed dialogs had in the history, which would cancel them.
 */
function actWhenStill(page) {
  const [pages, locators] = [page, page.locator("html")].map(Object.getPrototypeOf);
  if (pages.actsWhenStill) return;
  pages.actsWhenStill = true;
  for (const name of ["click", "dblclick", "tap"]) {
    const press = locators[name];
    locators[name] = async function (options = {}) {
      if (!options.force) await this.waitFor({ timeout: options.timeout });
      await until(this.page(), (ms) => (window.changedAt ?? -ms) + ms - performance.now());
      return press.call(this, options);
    };
  }
  for (const name of ["goto", "reload", "goBack"]) {
    const leave = pages[name];
    pages[name] = async function (...args) {
      await setTimeout(20); // an entry is removed right after its dialog
      await until(this, () => (window.goesBack ? 10 : 0));
      return leave.apply(this, args);
    };
  }
}

export class TestEnvironment {
  parley;
  browser;
  /** The server is down on purpose: failures to reach it are no faults. */
  down = false;
  /** Unexpected errors of pages. The last story of a file checks them: noFaults. */
  faults = [];
  #shots = "";
  #contexts = [];
  #names = 0;
  #launch;

  /** browser: further launch options of Playwright. */
  constructor(flags, browser = {}) {
    this.parley = new Parley(flags);
    this.#launch = browser;
  }

  async open() {
    open = this;
    await this.parley.start();
    this.#shots = process.env.PARLEY_SHOTS ?? (await mkdtemp(join(tmpdir(), "parley-shots-")));
    this.browser = await chromium.launch({ executablePath: process.env.CHROMIUM || "/usr/bin/chromium", args: chromiumFlags, ...this.#launch });
  }

  async close() {
    await this.browser?.close();
    await this.parley.remove();
    if (!process.env.PARLEY_SHOTS && this.#shots) await rm(this.#shots, { recursive: true, force: true });
  }

  at(path) {
    return new URL(path, this.parley.url).href;
  }

  /** Opens a browser context in which nobody is signed in. Closed with the environment. */
  async newBrowser(options = wideScreen) {
    const context = await this.browser.newContext({ locale: "en-GB", ...options });
    this.#contexts.push(context);
    return this.watch(await context.newPage());
  }

  /** Opens a browser with a persistent profile in a folder. */
  kept(folder) {
    return chromium.launchPersistentContext(folder, { executablePath: process.env.CHROMIUM || "/usr/bin/chromium", args: chromiumFlags, locale: "en-GB", ...wideScreen });
  }

  /** Kills such a browser like a crash of the machine: no process of it writes anything more. */
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

  /** Watches another page for faults, for example another tab of page.context(). */
  async watch(page) {
    page.setDefaultTimeout(90_000); // longer than the longest backoff, a minute
    page.on("pageerror", (e) => this.faults.push(`${page.url()}: ${e}`));
    page.on("console", (m) => {
      if (m.type() !== "error") return;
      const of = m.location().url;
      if (/\/api\/(me|server|users\/[\w-]+|accounts|sessions(\/[\w-]+)?|recoveries\/use|invites\/peek)$/.test(of) && / 4\d\d /.test(m.text())) return; // errors that the page shows itself
      if (/ 401 /.test(m.text())) return; // the page shows that its session ended
      if (/ 404 /.test(m.text()) && !/\/api\/|\.\w+$/.test(of)) return; // a mistyped path: the page says so
      if (/\/api\/chats\/[^/]+$/.test(of) && / 404 /.test(m.text())) return; // a chat without membership
      if (/\/api\/search\?/.test(of) && / (400|503) /.test(m.text())) return; // what the search did not understand, and a failure that a story makes
      if (/\/api\/chats(\/[^/]+)?$/.test(of) && / 400 /.test(m.text())) return; // a field of a form
      if (/does not support the Push API in incognito mode/.test(m.text())) return; // a context of Playwright: notifications work, pushes do not
      if (this.down && /ERR_CONNECTION|ERR_EMPTY|ERR_FAILED|ERR_INTERNET|WebSocket/.test(m.text())) return;
      this.faults.push(`${page.url()}: ${m.text()} (${of})`);
    });
    actWhenStill(page);
    await page.addInitScript(() => {
      new MutationObserver((all) => {
        if (all.some(({ target: t }) => (t.nodeType === 1 ? t : t.parentElement)?.closest(".message-scroller, .chat-list, [role=listbox]"))) window.changedAt = performance.now();
      }).observe(document, { childList: true, characterData: true, subtree: true });
      const { go } = history;
      history.go = (by) => {
        window.goesBack = true;
        go.call(history, by);
      };
      addEventListener("popstate", () => (window.goesBack = false), true);
      document.addEventListener("securitypolicyviolation", (e) => console.error(`policy: ${e.violatedDirective} ${e.blockedURI} ${e.sample}`));
    });
    return page;
  }

  /** Opens a page of a new user, who is created over HTTP. The first one is the owner, Ann. */
  async signedIn(name, options = wideScreen) {
    const page = await this.newBrowser(options);
    await page.goto(this.at("/")); // so that its calls have the server's origin
    const first = this.#names++ === 0;
    const code = first ? { setup: /#setup=(.+)$/.exec(this.parley.setup)[1], serverName: "Our house" } : { invite: await this.invite() };
    await api(page, "POST", "/api/accounts", { handle: name.toLowerCase().replace(/\W+/g, ""), name, password: "correct horse", cookie: true, ...code });
    if (first) this.owner = page;
    await page.goto(this.at("/"));
    await page.getByRole("button", { name: "New chat", exact: true }).waitFor();
    return page;
  }

  /** Returns the code of a new invite. */
  async invite(chatId) {
    const { url } = await api(this.owner, "POST", "/api/invites", { uses: 100, expiresAt: Date.now() + 864e5, chatId });
    return /#invite=(.+)$/.exec(url)[1];
  }

  /** Creates a group of these users, by the first one, and opens it in their pages. Returns its id. */
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

  /** Reports what each page shows, to explain a failure. */
  async reportPages(say) {
    for (const [i, page] of this.#contexts.flatMap((c) => c.pages()).entries()) {
      await this.shot(page, `failed-${i}`);
      say(`${page.url()} showed, and had the focus in ${await page.evaluate(() => document.activeElement?.outerHTML.slice(0, 120))}:`);
      for (const line of (await page.locator("body").ariaSnapshot()).split("\n").slice(-60)) say(`  ${line}`);
    }
  }

  /** Asserts that axe finds nothing on the page, in light and in dark. */
  async accessible(page, name) {
    // On a phone a dialog with a field stays invisible up to 0.6 s, until the keyboard is open.
    await page.waitForFunction(() => ![...document.querySelectorAll(".dialog-overlay")].some((e) => getComputedStyle(e).opacity === "0"));
    await page.evaluate(axe);
    for (const colorScheme of ["light", "dark"]) {
      await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
      const look = () => page.evaluate(async () => (await globalThis.axe.run(document)).violations
        .map((v) => `${v.id}: ${v.nodes.map((n) => n.html.slice(0, 160)).join(" | ")}`));
      let found = await look();
      for (let again = 4; found.length && again > 0; again--) found = await look(); // a view was still loading
      assert.deepEqual(found, [], `${name}, ${colorScheme}`);
      await this.shot(page, `${name}-${page.viewportSize().width}-${colorScheme}`);
    }
  }

  /** The last story of each file: no page had a fault. */
  noFaults() {
    nodeTest("no page reported an error", () => assert.deepEqual(this.faults, []));
  }
}

/** Calls the HTTP API as the page's user and returns the response. */
export const api = (page, method, path, body) => page.evaluate(async ([method, path, body]) => {
  const answer = await fetch(path, { method, headers: { "Content-Type": "application/json" }, body: body && JSON.stringify(body) });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
  return text ? JSON.parse(text) : undefined;
}, [method, path, body]);

/** Posts "NAME 1" to "NAME n" over HTTP as the page's user. */
export const post = (page, chatId, n, name, replyTo) => page.evaluate(async ([id, n, name, replyTo]) => {
  for (let i = 1; i <= n; i++) {
    const body = JSON.stringify({ clientId: `${name}-${i}`, text: `${name} ${i}`, replyTo });
    const answer = await fetch(`/api/chats/${id}/messages`, { method: "POST", headers: { "Content-Type": "application/json" }, body });
    if (!answer.ok) throw new Error(await answer.text());
  }
}, [chatId, n, name, replyTo]);

/** Waits until the server has recorded that the page's user has read the chat. */
export const allRead = async (page, chatId) => {
  while ((await api(page, "GET", `/api/chats/${chatId}`)).chat.unread > 0);
};

export const fill = async (page, values) => {
  for (const [label, value] of Object.entries(values)) await page.getByLabel(label, { exact: true }).fill(value);
};
export const press = (page, name) => page.getByRole("button", { name, exact: true }).click();
export const heading = (page, name) => page.getByRole("heading", { name, exact: true }).waitFor();
/** The message list of the open chat. */
export const list = (page) => page.getByRole("region", { name: "Messages" });
export const texts = (page, text) => list(page).getByText(text, { exact: true });
export const row = (page, text) => page.locator(".message", { has: page.getByText(text, { exact: true }) });
export const field = (page) => page.getByPlaceholder(/^Message /);
/** Writes a text and sends it with the button. */
export const say = async (page, text) => {
  await field(page).fill(text);
  await press(page, "Send");
};
/** Waits until the composer contains the text. */
export const holds = (page, text) => page.waitForFunction((text) => document.querySelector("[data-composer]")?.value === text, text);
/** Returns the notifications that are shown, from the worker: Chromium drops a notification if a page calls getNotifications while it is being shown. */
export const shownNotices = (page) => page.evaluate(async () => {
  const worker = (await navigator.serviceWorker.getRegistration())?.active;
  return worker ? new Promise((ok) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = (e) => ok(e.data.map(({ title, body, tag, data }) => ({ title, body, tag, path: data?.path })));
    worker.postMessage({}, [port2]);
  }) : [];
});
/** Polls until there are n notifications, for pages get no event for them. */
export const notices = async (page, n) => {
  for (const end = Date.now() + 60_000; ; await setTimeout(20)) {
    const all = await shownNotices(page);
    if (all.length === n || Date.now() > end) return all;
  }
};
/** Dispatches the event of a device that woke up: the page reconnects at once. */
export const wake = (page) => page.evaluate(() => dispatchEvent(new Event("online")));
/** Waits until the message is acknowledged. */
export const sent = (page, text) => page.locator(".message[data-seq]", { has: page.getByText(text, { exact: true }) }).waitFor();
export const choose = async (page, text, action) => {
  await row(page, text).hover();
  await row(page, text).getByRole("button", { name: /^More actions/ }).click();
  await page.getByRole("menuitem", { name: action, exact: true }).click();
};
/** Waits until a table of the page's database holds exactly the rows with these values of what(), in any order. */
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
/** Closes what is open with Escape. */
export const escape = (page, what) => closing(page, what, () => page.keyboard.press("Escape"));
/**
 * Closes what is open by close(). It waits until the page has gone back over the entry of the history that an open dialog
 * has, and on a phone also a menu: that would cancel a page.goto, and page.goBack would go to the same entry.
 */
export const closing = async (page, what, close) => {
  const entry = await page.evaluate(() => matchMedia("(pointer: coarse)").matches || !!document.querySelector(".dialog-overlay"));
  const back = entry && page.evaluate(() => new Promise((ok) => addEventListener("popstate", () => ok(), { once: true })));
  await close();
  await what.waitFor({ state: "detached" });
  await back;
};
/** Returns the width of an element in em: what fits depends on the fonts of the machine, the room does not. */
export const roomOf = (locator) => locator.evaluate((e) => e.clientWidth / parseFloat(getComputedStyle(e).fontSize));
/** Reports whether the page scrolls sideways, which no page should. */
export const wide = (page) => page.evaluate((width) => document.documentElement.scrollWidth > width, page.viewportSize().width); // innerWidth grows with overflowing content
