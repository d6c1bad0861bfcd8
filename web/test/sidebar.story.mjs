// The sidebar: unread counts, order, search, joining, the quick switcher.
import assert from "node:assert/strict";
import { api, field, heading, testEnvironment, phone, press, row, say, sent, test, texts, wide } from "./kit.mjs";

let ann, bob, garden;
const h = testEnvironment(async (h) => {
  ann = await h.signedIn("Ann");
  bob = await h.signedIn("Bob");
  garden = await h.chat("Garden", ann, bob);
});
const link = (page, name) => page.getByRole("link", { name });
const titles = (page) => page.locator(".chat-row .chat-row-title").evaluateAll((all) => all.map((e) => e.firstChild.textContent));

test("an unread chat has a count until it is opened", async () => {
  await link(ann, /General/).click();
  await heading(ann, "General");
  await say(bob, "Anybody? @ann?");
  await link(ann, /Garden.*Bob: Anybody.*1 unread message, 1 mention/).waitFor();
  await ann.waitForFunction(() => document.title.startsWith("(1) ")); // throttled
  await h.accessible(ann, "chats");
  await link(ann, /Garden/).click();
  await texts(ann, "Anybody?").or(ann.getByText("Anybody? @ann?")).first().waitFor();
  await ann.locator(".message-divider").waitFor();
  await link(ann, /Garden/).locator(".chat-row-count").first().waitFor({ state: "detached" });
});

test("open chats are created, found and joined, and members are listed", async () => {
  await press(ann, "New chat");
  await ann.getByRole("combobox", { name: "Add people" }).and(ann.locator(":focus")).waitFor(); // people come first
  await press(ann, "Start chat");
  await ann.getByText("Add people, or enter a name.").waitFor();
  await ann.getByLabel("Chat name", { exact: true }).fill("Kitchen");
  await ann.getByLabel("Anyone on this server can join").check();
  await h.accessible(ann, "new-chat");
  await press(ann, "Start chat");
  await heading(ann, "Kitchen");
  await press(bob, "Add chats");
  await bob.getByRole("menuitem", { name: "Browse chats" }).click();
  await bob.getByRole("button", { name: "Join: Kitchen" }).waitFor();
  await h.accessible(bob, "browse");
  await press(bob, "Join: Kitchen");
  await heading(bob, "Kitchen");
  await press(ann, "2 members");
  await ann.getByRole("dialog").getByText("@bob").waitFor();
  await h.accessible(ann, "members");
  await ann.keyboard.press("Escape");
  await ann.getByRole("dialog").waitFor({ state: "detached" });
});

test("Ctrl+K finds chats despite typos", async () => {
  await ann.keyboard.press("Control+k");
  await ann.getByRole("combobox", { name: "Chats and people" }).fill("gradn");
  await ann.getByRole("option", { name: "Garden" }).waitFor();
  await h.accessible(ann, "jump");
  await ann.keyboard.press("Enter");
  await heading(ann, "Garden");
  await ann.keyboard.press("Control+k");
  await ann.getByRole("combobox", { name: "Chats and people" }).fill("nothing of the kind");
  await ann.getByText(/^No chats or people found/).waitFor();
  await ann.keyboard.press("Escape");
  await ann.getByRole("dialog").waitFor({ state: "detached" });
});

test("a direct chat opens from search, from the list of members, and from a message", async () => {
  await ann.keyboard.press("Control+k");
  await ann.getByRole("combobox", { name: "Chats and people" }).fill("bob");
  await ann.getByRole("option", { name: /@bob/ }).click();
  await heading(ann, "Bob");
  await say(ann, "Between us");
  await link(bob, /Ann.*Between us/).waitFor();
  const direct = ann.url();

  await ann.goto(h.at(`/c/${garden}`));
  await press(ann, "2 members");
  await press(ann, "More actions for Bob");
  await ann.getByRole("menuitem", { name: "Message Bob" }).click();
  await heading(ann, "Bob");
  assert.equal(ann.url(), direct);

  await ann.goto(h.at(`/c/${garden}`));
  await row(ann, "Anybody? @ann?").or(ann.locator(".message", { hasText: "Anybody?" })).first().getByRole("button", { name: "Bob", exact: true }).click();
  await ann.getByRole("dialog", { name: "Bob" }).getByText("@bob").waitFor();
  await h.accessible(ann, "who-is");
  await press(ann, "Message");
  await heading(ann, "Bob");
  assert.equal(ann.url(), direct);
});

test("groups and direct chats are separate, by activity or unread first, and no row moves under the pointer", async () => {
  await link(ann, /General/).click();
  await heading(ann, "General");
  await say(ann, "First");
  await sent(ann, "First");
  await ann.mouse.move(900, 400);
  await ann.waitForFunction(() => document.querySelector(".chat-row .chat-row-title")?.textContent === "General");
  const order = await titles(ann);
  assert.deepEqual([order[0], order.at(-1)], ["General", "Bob"]);

  await link(ann, /Kitchen/).hover();
  await api(bob, "POST", `/api/chats/${garden}/messages`, { clientId: "under", text: "Under the pointer" });
  await link(ann, /Garden.*Under the pointer/).waitFor();
  assert.deepEqual(await titles(ann), order);
  // A new chat moves no row.
  const me = (await api(ann, "GET", "/api/me")).user.id;
  await api(bob, "POST", "/api/chats", { clientId: "shed", kind: "group", title: "Shed", members: [me] });
  await link(ann, /^Shed/).waitFor();
  assert.deepEqual(await titles(ann), [...order, "Shed"]);
  await ann.mouse.move(900, 400);
  await ann.waitForFunction(() => document.querySelectorAll(".chat-row .chat-row-title")[0]?.textContent === "Shed" || document.querySelectorAll(".chat-row .chat-row-title")[1]?.textContent === "Shed");
  await api(ann, "DELETE", `/api/chats/${await link(ann, /^Shed/).getAttribute("data-chat")}/members/me`);
  await link(ann, /^Shed/).waitFor({ state: "detached" });
  await ann.waitForFunction(() => document.querySelector(".chat-row .chat-row-title")?.textContent === "Garden");

  await say(ann, "Second"); // General is the newest, Garden is unread
  await ann.waitForFunction(() => document.querySelector(".chat-row .chat-row-title")?.textContent === "General");
  await press(ann, "Menu");
  await ann.getByRole("menuitemradio", { name: "Newest first", checked: true }).waitFor();
  await h.accessible(ann, "menu");
  await ann.getByRole("menuitemradio", { name: "Unread first" }).click();
  await ann.mouse.move(900, 400);
  await ann.waitForFunction(() => document.querySelector(".chat-row .chat-row-title")?.textContent === "Garden");
  await ann.reload();
  await ann.waitForFunction(() => document.querySelector(".chat-row .chat-row-title")?.textContent === "Garden");

  // Nor while the keyboard focus is in the list.
  await link(ann, /Garden/).focus();
  await ann.keyboard.press("ArrowDown");
  await ann.keyboard.press("ArrowUp");
  await ann.waitForFunction(() => document.activeElement.textContent.includes("Garden"));
  const held = await titles(ann);
  const kitchen = await link(bob, /Kitchen/).getAttribute("data-chat");
  await api(bob, "POST", `/api/chats/${kitchen}/messages`, { clientId: "while", text: "While you choose" });
  await link(ann, /Kitchen.*While you choose/).waitFor();
  assert.deepEqual(await titles(ann), held);
});

test("drafts and failed messages are marked", async () => {
  await link(ann, /Garden/).click();
  await heading(ann, "Garden");
  await field(ann).fill("half a thought");
  await link(ann, /General/).click();
  await link(ann, /Garden.*Draft: half a thought/).waitFor();
  await link(ann, /Garden/).click();
  await heading(ann, "Garden");
  await field(ann).fill("");

  const tab = await h.watch(await bob.context().newPage());
  const isPost = (m) => m.includes(Buffer.from("\xa2do\xa4post\xa6", "latin1"));
  await tab.routeWebSocket(/\/api\/socket/, (ws) => {
    const server = ws.connectToServer();
    // The server refuses a clientId that is not printable.
    ws.onMessage((m) => server.send(isPost(m) ? Buffer.from(m.toString("latin1").replace(/(\xa8clientId..)./s, "$1\x01"), "latin1") : m));
    server.onMessage((m) => ws.send(m));
  });
  await tab.goto(h.at(`/c/${garden}`));
  await heading(tab, "Garden");
  await say(tab, "Never");
  await link(tab, /Garden.*Not sent/).waitFor();
  await h.accessible(tab, "not-sent");
  await tab.close();
});

test("400 chats: the keyboard reaches them all, and only those in view are mounted", async () => {
  await api(bob, "GET", "/api/me");
  await bob.evaluate(async () => {
    for (let i = 1; i <= 400; i++) {
      const answer = await fetch("/api/chats", { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ clientId: `many-${i}`, kind: "group", title: `Chat ${i}`, members: [] }) });
      if (!answer.ok) throw new Error(await answer.text());
    }
  });
  await bob.goto(h.at("/"));
  await link(bob, /Chat 400/).first().waitFor();
  assert.ok((await bob.locator(".chat-row").count()) < 100);
  await link(bob, /Chat 400/).focus();
  await bob.keyboard.press("End");
  await bob.waitForFunction(() => /^Ann/.test(document.activeElement.querySelector?.(".chat-row-title")?.textContent ?? ""));
  await bob.keyboard.press("Home");
  await bob.waitForFunction(() => /^Chat 400/.test(document.activeElement.querySelector?.(".chat-row-title")?.textContent ?? ""));
  for (let i = 0; i < 40; i++) {
    await bob.keyboard.press("ArrowDown");
    await bob.waitForFunction((n) => document.activeElement.querySelector?.(".chat-row-title")?.textContent === `Chat ${n}`, 399 - i);
  }
  await bob.keyboard.press("Enter");
  await heading(bob, "Chat 360");
  await bob.keyboard.press("Control+k");
  await bob.getByRole("combobox", { name: "Chats and people" }).fill("chat 7");
  await bob.getByRole("option", { name: "Chat 7", exact: true }).click();
  await heading(bob, "Chat 7");
  await bob.waitForFunction(() => {
    const at = document.querySelector('.chat-row[aria-current="page"]')?.getBoundingClientRect();
    return at && at.top >= 0 && at.bottom <= innerHeight + 1;
  });
  await h.accessible(bob, "many-chats");
});

test("400 members: wheel, keyboard and search reach them all, and only those in view are mounted", async () => {
  const { url } = await api(ann, "POST", "/api/invites", { uses: 400, expiresAt: Date.now() + 864e5 });
  const stranger = await h.newBrowser();
  await stranger.goto(h.at("/"));
  const members = await stranger.evaluate(async (invite) => {
    const make = async (_, i) => {
      const n = String(i + 1).padStart(3, "0");
      const answer = await fetch("/api/accounts", { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ handle: `guest${n}`, name: `Guest ${n}`, password: "correct horse", invite }) });
      if (!answer.ok) throw new Error(await answer.text());
      return (await answer.json()).user.id;
    };
    const ids = [];
    for (let i = 0; i < 400; i += 8) ids.push(...await Promise.all(Array.from({ length: 8 }, (_, k) => make(k, i + k))));
    return ids;
  }, /#invite=(.+)$/.exec(url)[1]);
  await stranger.context().close();
  const { chat } = await api(ann, "POST", "/api/chats", { clientId: "feast", kind: "group", title: "Feast", members });
  const small = await h.watch(await (await h.browser.newContext({ ...phone, locale: "en-GB", storageState: await ann.context().storageState() })).newPage());
  for (const page of [ann, small]) {
    await page.goto(h.at(`/c/${chat.id}`));
    await press(page, "401 members");
    const dialog = page.getByRole("dialog", { name: "401 members" });
    const person = (name) => dialog.getByRole("listitem").filter({ hasText: name });
    await person("Guest").first().waitFor();
    await dialog.getByLabel("Search members").waitFor();
    await dialog.locator('[aria-setsize="401"]').first().waitFor(); // the first 200 are in the first page
    assert.ok((await dialog.getByRole("listitem").count()) < 60);
    await h.accessible(page, "many-members");
    assert.equal(await wide(page), false);

    const met = new Set();
    const look = async () => (await dialog.getByRole("listitem").allInnerTexts()).forEach((text) => met.add(/@\w+/.exec(text)[0]));
    const box = dialog.locator(".combobox-list").last();
    for (let was = -1, now = 0; was !== now; was = now, now = await box.evaluate((e) => new Promise((ok) => {
      e.scrollBy(0, 200);
      requestAnimationFrame(() => requestAnimationFrame(() => ok(e.scrollTop)));
    }))) await look();
    assert.equal(met.size, 401);
    const last = dialog.getByRole("listitem").last();
    assert.deepEqual([await last.getAttribute("aria-posinset"), await last.getAttribute("aria-setsize")], ["401", "401"]);

    await dialog.getByLabel("Search members").fill("gest 377"); // typos are tolerated
    await person("Guest 377").waitFor();
    await page.waitForFunction(() => document.querySelectorAll(".dialog li").length < 60);
    await dialog.getByLabel("Search members").fill("");
    await person("Ann").or(person("Guest 0")).first().waitFor();
  }
  await small.context().close();
  await ann.locator(".combobox-list").last().evaluate((e) => e.scrollTo(0, 0));
  await ann.getByLabel("Search members").focus();
  const slow = await ann.context().newCDPSession(ann);
  await slow.send("Emulation.setCPUThrottlingRate", { rate: 8 });
  for (let i = 0; i < 60; i++) await ann.keyboard.press("Tab"); // faster than the page scrolls
  await slow.send("Emulation.setCPUThrottlingRate", { rate: 1 });
  assert.match(await ann.evaluate(() => document.activeElement.ariaLabel), /^More actions for /);
  await ann.getByLabel("Search members").focus();
  const seen = [];
  for (let i = 0; i < 60; i++) { // beyond the mounted rows
    await ann.keyboard.press("Tab");
    await ann.waitForFunction((last) => /^More actions for /.test(document.activeElement.ariaLabel ?? "") && document.activeElement.ariaLabel !== last, seen.at(-1));
    seen.push(await ann.evaluate(() => document.activeElement.ariaLabel));
    await ann.waitForFunction(() => {
      const at = document.activeElement.getBoundingClientRect(), box = document.activeElement.closest(".combobox-list").getBoundingClientRect();
      return at.top >= box.top - 1 && at.bottom <= box.bottom + 1;
    });
  }
  assert.equal(new Set(seen).size, 60);
  await ann.keyboard.press("Enter");
  await ann.getByRole("menuitem", { name: "Make admin" }).waitFor();
  await ann.keyboard.press("Escape");
  await ann.waitForFunction((last) => document.activeElement.ariaLabel === last, seen.at(-1));
  await ann.keyboard.press("Escape");
  await ann.getByRole("dialog").waitFor({ state: "detached" });
});

test("the list and its dialogs fit a phone", async () => {
  const page = await h.watch(await (await h.browser.newContext({ ...phone, locale: "en-GB", storageState: await ann.context().storageState() })).newPage());
  await page.goto(h.at("/"));
  await link(page, /Garden/).waitFor();
  await h.accessible(page, "chats");
  await page.keyboard.press("Control+k");
  await page.getByRole("option").first().waitFor();
  assert.equal(await wide(page), false);
  await h.shot(page, "jump-360");
  await page.keyboard.press("Escape");
  await link(page, /Garden/).click();
  await page.getByRole("button", { name: "Bob", exact: true }).first().tap();
  await page.getByRole("dialog", { name: "Bob" }).waitFor();
  await h.shot(page, "who-is-360");
  await page.context().close();
});

h.noFaults();
