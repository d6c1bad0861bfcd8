// The page in another language: the pseudo-language of src/strings/testkit, with longer words.
import assert from "node:assert/strict";
import { readFile, rm, mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after } from "node:test";
import { build } from "vite";
import { api, escape, phone, test, testEnvironment, wide } from "./kit.mjs";

const root = new URL("..", import.meta.url).pathname;
let ann, folder, room;
const h = testEnvironment(async (h) => {
  folder = await mkdtemp(join(tmpdir(), "parley-language-"));
  await build({
    root, configFile: join(root, "vite.config.ts"), logLevel: "error", build: { outDir: folder, emptyOutDir: true },
    plugins: [{ name: "language", enforce: "pre", resolveId: (id, from) => (id === "./en/index.ts" && from?.endsWith("strings/index.ts") ? join(root, "src/strings/testkit/pseudo.ts") : undefined) }],
  });
  ann = await h.signedIn("Ann", phone);
  const bob = await h.signedIn("Bob");
  room = await h.chat("Garden", ann, bob);
  for (let i = 1; i <= 3; i++) await api(bob, "POST", `/api/chats/${room}/messages`, { clientId: `b${i}`, text: `Words ${i}` });
  await api(ann, "POST", `/api/chats/${room}/messages`, { clientId: "a1", text: "Words 4" });
  await api(bob, "PUT", `/api/chats/${room}/messages/${await ann.locator(".message[data-seq]").last().getAttribute("data-seq")}/reactions/${encodeURIComponent("👍")}`, {});
  await translate(ann);
});
after(() => rm(folder, { recursive: true, force: true }));

/** Serves the scripts of the translated build. The page itself stays the server's: Chromium lets no other one reach a local address. */
async function translate(page) {
  const entry = /src="(\/assets\/index-[^"]+\.js)"/.exec(await readFile(join(folder, "index.html"), "utf8"))[1];
  await page.route((url) => /^\/assets\/.*\.js(on)?$/.test(url.pathname), async (route) => {
    const { pathname } = new URL(route.request().url());
    const body = await readFile(join(folder, pathname)).catch(() => (/^\/assets\/index-/.test(pathname) ? `import "${entry}";` : undefined)); // the server's entry has another name
    if (!body) return route.fallback();
    await route.fulfill({ status: 200, contentType: pathname.endsWith(".js") ? "text/javascript" : "application/json", body });
  });
}

/** Returns the texts on the page that are neither in the catalogue's language nor a person's own, and the texts that are cut. */
// "Dismiss" is a text of React Aria, which has its own languages.
const look = (page) => page.evaluate(() => {
  const own = /^(Dismiss|ann|bob|@?Ann|@?Bob|A|B|G|O|C|P|Parley.*|Garden|General|Our house|Words \d|[A-Z]|\d+|@ann|@bob|Chrome, Linux)$/iu;
  const spoken = (s) => /\p{L}{2}/u.test(s) && !own.test(s.trim()) && !/[⟦⟧]/.test(s);
  const shown = (e) => e.getClientRects().length > 0;
  const outside = [], cut = [];
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let n = walk.nextNode(); n; n = walk.nextNode()) {
    const e = n.parentElement;
    if (e.closest("noscript, time, kbd, .emoji-grid, select, .message-body, .message-quote, .message-day, .suggestion-list, .markdown-fence") || !shown(e)) continue;
    if (spoken(n.data)) outside.push(n.data);
  }
  for (const e of document.querySelectorAll("[aria-label], [placeholder], [title], [alt]")) {
    if (!shown(e) || e.closest(".emoji-grid")) continue;
    for (const name of ["aria-label", "placeholder", "title", "alt"]) {
      const value = e.getAttribute(name);
      if (value && e.tagName !== "TIME" && !(name === "title" && e.closest(".settings-list, .message-note")) && !e.matches(".message") && spoken(value)) outside.push(`${name}: ${value}`);
    }
  }
  for (const e of document.querySelectorAll("button, a, label, p, h1, h2, h3, [role=menuitem], .hint, option")) {
    if (!shown(e) || !/⟧/.test(e.textContent) || e.closest(".sr, .chat-row-preview, textarea")) continue;
    const style = getComputedStyle(e);
    if (e.scrollWidth > e.clientWidth + 1 && style.display !== "inline" && style.overflowX !== "visible") cut.push(e.textContent);
    const box = e.getBoundingClientRect();
    if (box.right > innerWidth + 1 || box.left < -1) cut.push(e.textContent);
  }
  return { outside: [...new Set(outside)], cut: [...new Set(cut)] };
});

/** Asserts that the view is translated and fits, and closes its dialog or menu. */
async function fits(name) {
  await ann.waitForFunction(() => /⟦/.test(document.body.innerText));
  assert.deepEqual(await look(ann), { outside: [], cut: [] }, name);
  assert.ok(!(await wide(ann)), name);
  await h.shot(ann, `language-${name}`);
}

test("the chats and the sidebar's dialogs", async () => {
  await ann.goto(h.at("/"));
  await ann.locator(".chat-row").first().waitFor();
  await fits("home");
  const open = async (button, item) => {
    await ann.locator(".sidebar > header button:visible, .sidebar-jump, .sidebar-add").nth(button).click();
    if (item !== undefined) await ann.getByRole("menuitem").nth(item).click();
  };
  await open(1);
  await fits("menu");
  await escape(ann, ann.getByRole("menu"));
  for (const [name, button, item] of [["jump", 2], ["new", 0], ["browse", 3, 1], ["help"]]) {
    if (button === undefined) await ann.keyboard.press("Control+/");
    else await open(button, item);
    await ann.getByRole("dialog").waitFor();
    await fits(name);
    await escape(ann, ann.getByRole("dialog"));
  }
});

test("a conversation, its menus and dialogs", async () => {
  await ann.goto(h.at(`/c/${room}`));
  await ann.locator(".message[data-seq]", { hasText: "Words 4" }).waitFor();
  await fits("chat");
  const menu = ann.locator(".conversation > header button").last();
  await menu.click();
  await fits("chat-menu");
  const atOnce = ["star", "hide", "read", "unread", "mute"]; // these open no dialog
  const items = await ann.getByRole("menuitem").evaluateAll((all, skip) => all.map((e) => e.dataset.key).filter((key) => !skip.includes(key)), atOnce);
  await ann.keyboard.press("Escape");
  for (const item of items) {
    await menu.click();
    await ann.locator(`[role=menuitem][data-key="${item}"]`).click();
    await ann.locator("[role=dialog], [role=alertdialog]").waitFor();
    await fits(`chat-${item}`);
    await escape(ann, ann.locator("[role=dialog], [role=alertdialog]"));
  }
  await ann.locator(".message[data-seq]", { hasText: "Words 4" }).focus();
  await ann.keyboard.press("Enter");
  await ann.getByRole("menuitem").first().waitFor();
  await fits("message-menu");
  await escape(ann, ann.getByRole("menuitem").first());
  await ann.locator(".message[data-seq]", { hasText: "Words 4" }).locator(".message-more").tap();
  await ann.getByRole("menuitem", { name: /👍/ }).tap();
  await ann.locator(".message[data-seq]", { hasText: "Words 4" }).locator(".reaction[data-emoji]").waitFor();
  await ann.locator(".message[data-seq]", { hasText: "Words 4" }).locator(".message-more").press("Enter"); // a tap is ignored while the row moves
  await ann.locator('[role=menuitem][data-key="reactions"]').tap();
  await ann.getByRole("dialog").waitFor();
  await fits("reactions");
  await escape(ann, ann.getByRole("dialog"));
});

test("settings, the server's page and a missing chat", async () => {
  for (const path of ["/me", "/server", "/c/nothing"]) {
    await ann.goto(h.at(path));
    await ann.locator("main h1").first().waitFor();
    await ann.locator("main .settings-list li, main .centered h1, main.centered h1, .centered.stack h1").first().waitFor();
    await fits(path.replaceAll("/", "-"));
  }
});

test("the pages before one is signed in", async () => {
  const eve = await h.newBrowser(phone);
  await translate(eve);
  const before = ann;
  ann = eve;
  for (const path of ["/", `/#invite=${await h.invite(room)}`, "/#invite=none", "/#recover=none"]) {
    await eve.goto(h.at("/me"));
    await eve.goto(h.at(path));
    await eve.locator("main h1").first().waitFor();
    await fits("auth-" + path.replace(/.*#/, "").replace(/=.*/, ""));
  }
  ann = before;
});

h.noFaults();
