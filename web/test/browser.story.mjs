// What browsers do with the page: translate it, print it, start it in a theme, move it to another time zone.
import assert from "node:assert/strict";
import { api, heading, post, press, say, sent, test, testEnvironment, texts } from "./kit.mjs";

let ann, bob, garden;
const h = testEnvironment(async (h) => {
  ann = await h.signedIn("Ann");
  bob = await h.signedIn("Bob");
  garden = await h.chat("Garden", ann, bob);
});

/** Wraps every text as translators do, also those that come later. */
const translate = (page) => page.evaluate(() => {
  const wrap = (root) => {
    const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
    const all = [];
    while (walker.nextNode()) all.push(walker.currentNode);
    for (const text of all) {
      if (!text.data.trim() || text.parentElement?.closest("font, textarea, script, style, title")) continue;
      const outer = document.createElement("font"), inner = document.createElement("font");
      outer.append(inner);
      text.replaceWith(outer);
      inner.append(text);
    }
  };
  wrap(document.body);
  new MutationObserver((all) => all.forEach((m) => m.addedNodes.forEach((n) => wrap(n)))).observe(document.body, { childList: true, subtree: true });
});

test("a page that the browser translated goes on", async () => {
  await translate(ann);
  for (let i = 1; i <= 3; i++) await say(bob, `Message ${i}`);
  await ann.getByText("Message 3", { exact: true }).first().waitFor();
  const me = (await api(ann, "GET", "/api/me")).user.id;
  const { message } = await api(bob, "POST", `/api/chats/${garden}/messages`, { clientId: "t1", text: "Before **the** edit" });
  await ann.getByText("edit", { exact: false }).first().waitFor();
  await api(bob, "PATCH", `/api/chats/${garden}/messages/${message.seq}`, { text: "After" });
  await ann.getByText("After", { exact: true }).first().waitFor();
  await api(bob, "PUT", `/api/chats/${garden}/messages/${message.seq}/reactions/${encodeURIComponent("👍")}`);
  await api(bob, "DELETE", `/api/chats/${garden}/messages/${message.seq}/reactions/${encodeURIComponent("👍")}`);
  await api(bob, "DELETE", `/api/chats/${garden}/messages/${message.seq}`);
  await ann.getByText("After", { exact: true }).first().waitFor({ state: "detached" });
  await api(ann, "PATCH", `/api/chats/${garden}`, { topic: "Beans", title: "Orchard" });
  await ann.getByRole("heading", { name: "Orchard" }).waitFor();
  await api(ann, "PATCH", `/api/chats/${garden}`, { topic: "", title: "Garden" });
  await ann.getByRole("heading", { name: "Garden" }).waitFor();
  for (const name of [/^General/, /^Garden/]) await ann.getByRole("link", { name }).click();
  await ann.keyboard.press("Control+k");
  await ann.getByRole("combobox", { name: "Chats and people" }).fill("bob");
  await ann.getByRole("option", { name: /@bob/ }).waitFor();
  await ann.getByRole("combobox", { name: "Chats and people" }).fill("nothing at all");
  await ann.getByText(/^No chats or people found/).waitFor();
  await ann.keyboard.press("Escape");
  await ann.getByRole("button", { name: "Groups" }).click();
  await ann.getByRole("button", { name: "Groups" }).click();
  await api(bob, "POST", "/api/chats", { clientId: "with-ann", kind: "direct", members: [me] });
  await ann.goto(h.at("/me"));
  await translate(ann);
  await ann.goto(h.at(`/c/${garden}`));
  await heading(ann, "Garden");
  assert.deepEqual(h.faults, []);
});

test("the title keeps a number in brackets that is its own", async () => {
  const { chat } = await api(ann, "POST", "/api/chats", { clientId: "three", kind: "group", title: "(3) wishes" });
  await ann.goto(h.at(`/c/${chat.id}`));
  await ann.waitForFunction(() => document.title === "(3) wishes");
  await api(bob, "POST", `/api/chats/${garden}/messages`, { clientId: "unread", text: "Unread" });
  await ann.waitForFunction(() => document.title === "(1) (3) wishes");
  await ann.getByRole("link", { name: /^Garden.*unread/ }).click();
  await ann.waitForFunction(() => document.title === "Garden");
  await ann.getByRole("link", { name: /^\(3\) wishes/ }).click();
  await ann.waitForFunction(() => document.title === "(3) wishes");
});

test("the chosen theme is there before the script", async () => {
  const page = await h.watch(await ann.context().newPage());
  await page.emulateMedia({ colorScheme: "light" });
  await page.addInitScript(() => localStorage.setItem("parley-theme", "dark"));
  let go;
  const held = new Promise((ok) => (go = ok));
  await page.route(/assets\/index-.*\.js/, async (route) => {
    await held;
    await route.fallback();
  });
  const opening = page.goto(h.at("/"));
  await page.waitForFunction(() => document.body && getComputedStyle(document.body).backgroundColor !== "rgba(0, 0, 0, 0)"); // the style is there
  const early = await page.evaluate(() => [document.documentElement.dataset.theme, getComputedStyle(document.body).backgroundColor, document.querySelector("#app").childElementCount]);
  assert.deepEqual([early[0], early[2]], ["dark", 0]);
  go();
  await opening;
  await page.getByRole("button", { name: "New chat", exact: true }).waitFor();
  assert.equal(await page.evaluate(() => getComputedStyle(document.body).backgroundColor), early[1]);
  await page.evaluate(() => localStorage.removeItem("parley-theme"));
  await page.close();
});

test("a reload asks the server for no script and no style sheet", async () => {
  await ann.goto(h.at("/"));
  await ann.getByRole("button", { name: "New chat", exact: true }).waitFor();
  await ann.reload();
  await ann.getByRole("button", { name: "New chat", exact: true }).waitFor();
  const files = await ann.evaluate(() => performance.getEntriesByType("resource").filter((r) => /\.(js|css)$/.test(r.name)).map((r) => [r.name, r.transferSize]));
  assert.ok(files.length >= 3);
  assert.deepEqual(files.filter(([, bytes]) => bytes > 0), []);
});

test("a page asks once who is signed in", async () => {
  const asked = async (page) => (await page.evaluate(() => performance.getEntriesByType("resource").map((r) => [new URL(r.name).pathname, r.initiatorType]))).filter(([path]) => path === "/api/me");
  assert.deepEqual(await asked(ann), [["/api/me", "link"]]);
  const visitor = await h.newBrowser();
  await visitor.goto(h.at("/"));
  await visitor.getByRole("button", { name: "Sign in", exact: true }).waitFor();
  assert.deepEqual(await asked(visitor), [["/api/me", "link"]]);
});

test("times follow the time zone", async () => {
  await ann.goto(h.at(`/c/${garden}`));
  await say(ann, "What time is it?");
  await sent(ann, "What time is it?");
  const hours = () => ann.locator(".message-author time").last().innerText();
  const devtools = await ann.context().newCDPSession(ann);
  const times = new Set([await hours()]);
  for (const timezoneId of ["Asia/Tokyo", "America/St_Johns"]) {
    await devtools.send("Emulation.setTimezoneOverride", { timezoneId });
    await ann.evaluate(() => dispatchEvent(new Event("focus")));
    await ann.waitForFunction(([zone, was]) => {
      const time = [...document.querySelectorAll(".message-author time")].at(-1);
      return time && !was.includes(time.textContent) && time.textContent === new Intl.DateTimeFormat("en-GB", { timeZone: zone, hour: "numeric", minute: "2-digit" }).format(new Date(time.dateTime));
    }, [timezoneId, [...times]]);
    times.add(await hours());
  }
  await heading(ann, "Garden");
});

test("print gives the conversation", async () => {
  await post(bob, garden, 40, "line");
  await texts(ann, "line 40").waitFor();
  await ann.emulateMedia({ media: "print", colorScheme: "dark" });
  const paper = await ann.evaluate(() => {
    const shown = (s) => [...document.querySelectorAll(s)].some((e) => e.checkVisibility());
    const list = document.querySelector(".message-scroller");
    return { list: list.scrollHeight - list.clientHeight, page: document.documentElement.scrollHeight - list.getBoundingClientRect().bottom - scrollY, scheme: getComputedStyle(document.documentElement).colorScheme,
      others: [".sidebar", ".composer", ".message-tools", ".conversation > header .button"].filter(shown), title: shown(".conversation h1") };
  });
  assert.deepEqual({ ...paper, page: paper.page >= -1 && paper.page < 40 }, { list: 0, page: true, scheme: "light", others: [], title: true });
  await h.shot(ann, "print");
  await ann.emulateMedia({ media: null });
});

h.noFaults();
