// The sidebar's sections: what moves a chat, folding, empty direct chats, unread shortcuts, adding chats.
import assert from "node:assert/strict";
import { api, field, heading, phone, press, say, sent, test, testEnvironment, wide } from "./kit.mjs";

let ann, bob, garden, kitchen;
const h = testEnvironment(async (h) => {
  ann = await h.signedIn("Ann");
  bob = await h.signedIn("Bob");
  garden = await h.chat("Garden", ann, bob);
  kitchen = await h.chat("Kitchen", ann, bob);
});
const link = (page, name) => page.getByRole("link", { name });
const titles = (page) => page.locator(".chat-row .chat-row-title").evaluateAll((all) => all.map((e) => e.firstChild.textContent));
const idOf = async (page) => (await api(page, "GET", "/api/me")).user.id;

test("a message moves a chat; reactions, joins and removals move none and keep its preview and time", async () => {
  await say(ann, "From the kitchen");
  await sent(ann, "From the kitchen");
  await ann.mouse.move(900, 400);
  const { message: { seq } } = await api(bob, "POST", `/api/chats/${garden}/messages`, { clientId: "news", text: "From the garden" });
  await link(ann, /Garden.*From the garden/).waitFor();
  await ann.waitForFunction(() => document.querySelector(".chat-row-title")?.textContent === "Garden");
  await say(ann, "And more");
  await ann.waitForFunction(() => document.querySelector(".chat-row-title")?.textContent === "Kitchen");
  const before = await titles(ann);
  const row = link(ann, /^Garden/).first(), was = await row.locator("time").getAttribute("datetime");

  await api(bob, "PUT", `/api/chats/${garden}/messages/${seq}/reactions/${encodeURIComponent("🌱")}`);
  const cat = await h.signedIn("Cat");
  await cat.goto(h.at("/me")); // it opens no chat, whose requests the removal would refuse
  await api(ann, "PUT", `/api/chats/${garden}/members/${await idOf(cat)}`);
  await api(ann, "DELETE", `/api/chats/${garden}/members/${await idOf(cat)}`);
  await api(ann, "PATCH", `/api/chats/${garden}`, { topic: "Beans" });
  await cat.context().close();
  await api(bob, "POST", `/api/chats/${kitchen}/messages`, { clientId: "last", text: "The last event that Ann hears" });
  await link(ann, /Kitchen.*The last event/).waitFor();
  assert.deepEqual(await titles(ann), before);
  assert.equal(await row.locator("time").getAttribute("datetime"), was);
  await link(ann, /Garden.*From the garden/).waitFor();
  await ann.reload();
  await link(ann, /Garden.*From the garden/).waitFor();
  assert.deepEqual((await titles(ann)).slice(0, 2), ["Kitchen", "Garden"]);
});

test("an empty direct chat is listed for who opened it, and for the other person once somebody writes", async () => {
  await ann.locator(".chat-row").first().hover(); // no row moves now, but a chat that one opens is at its place
  await ann.keyboard.press("Control+k");
  await ann.getByRole("combobox", { name: "Chats and people" }).fill("bob");
  await ann.getByRole("option", { name: /@bob/ }).click();
  await heading(ann, "Bob");
  const headings = () => ann.locator(".chat-list h2").allInnerTexts();
  await link(ann, /^Bob/).waitFor();
  assert.deepEqual(await headings(), ["Groups", "Direct messages"]);
  assert.equal((await titles(ann)).at(-1), "Bob");
  const direct = new URL(ann.url()).pathname.split("/")[2];
  await api(bob, "GET", `/api/chats/${direct}`); // it is Bob's as well
  await bob.reload();
  await link(bob, /^Garden/).waitFor();
  assert.equal(await link(bob, /^Ann/).count(), 0);
  await link(ann, /^Garden/).click();
  await heading(ann, "Garden");
  await ann.reload();
  await link(ann, /^Bob/).waitFor(); // remembered
  await link(ann, /^Bob/).click();
  await heading(ann, "Bob");
  await say(ann, "Hello");
  await link(bob, /^Ann.*Hello/).waitFor();
  assert.equal((await titles(bob)).at(-1), "Ann");
});

test("a folded section shows what is unread, and is remembered", async () => {
  const groups = (p) => p.getByRole("button", { name: "Groups", exact: true });
  assert.equal(await groups(ann).getAttribute("aria-expanded"), "true");
  await groups(ann).click();
  await link(ann, /^Garden/).waitFor({ state: "detached" });
  assert.deepEqual(await titles(ann), ["Bob"]);
  await api(bob, "POST", `/api/chats/${garden}/messages`, { clientId: "folded", text: "Unread" });
  await link(ann, /^Garden.*1 unread/).waitFor();
  await h.accessible(ann, "folded");
  await ann.reload();
  await link(ann, /^Garden.*1 unread/).waitFor();
  assert.equal(await groups(ann).getAttribute("aria-expanded"), "false");
  await link(ann, /^Garden/).click();
  await heading(ann, "Garden");
  await link(ann, /^Garden.*unread/).waitFor({ state: "detached" }); // it was read
  await ann.mouse.move(900, 400);
  await link(ann, /^Bob/).click();
  await heading(ann, "Bob");
  await ann.mouse.move(900, 400);
  await link(ann, /^Garden/).waitFor({ state: "detached" });
  await groups(ann).focus();
  await ann.keyboard.press("Enter");
  await link(ann, /^Garden/).waitFor();
});

test("Alt+Shift+↓ and ↑ go through the unread chats", async () => {
  await ann.mouse.move(900, 400);
  await api(bob, "POST", `/api/chats/${garden}/messages`, { clientId: "u1", text: "Unread in the garden" });
  await api(bob, "POST", `/api/chats/${kitchen}/messages`, { clientId: "u2", text: "Unread in the kitchen" });
  await link(ann, /^Garden.*unread/).waitFor();
  await ann.waitForFunction(() => document.querySelector(".chat-row-title")?.textContent === "Kitchen");
  await field(ann).focus();
  await ann.keyboard.press("Alt+Shift+ArrowUp");
  await heading(ann, "Garden");
  await link(ann, /^Garden.*unread/).waitFor({ state: "detached" });
  await ann.waitForFunction(() => document.activeElement?.matches("[data-composer]"));
  await ann.keyboard.press("Alt+Shift+ArrowDown");
  await heading(ann, "Kitchen");
  await link(ann, /^Kitchen.*unread/).waitFor({ state: "detached" });
  await ann.keyboard.press("Alt+Shift+ArrowDown"); // nothing is unread
  await heading(ann, "Kitchen");
  await ann.keyboard.press("Control+/");
  await ann.getByRole("dialog").getByText("Alt+Shift").waitFor();
  await ann.keyboard.press("Escape");
});

test("Add chats offers a new chat and the open ones; one looks into a chat before joining", async () => {
  await api(ann, "POST", "/api/chats", { clientId: "open", kind: "group", title: "Workshop", topic: "Saws and planes", open: true });
  await press(bob, "Add chats");
  await h.accessible(bob, "add-chats");
  await bob.getByRole("menuitem", { name: "Browse chats" }).click();
  const dialog = bob.getByRole("dialog");
  await dialog.getByText("1 member · Saws and planes").waitFor();
  await h.accessible(bob, "browse");
  await dialog.getByRole("link", { name: /^Workshop/ }).click();
  await heading(bob, "Workshop");
  await bob.getByText("Saws and planes", { exact: true }).waitFor();
  await bob.getByText("1 member · ", { exact: false }).waitFor();
  assert.equal(await link(bob, /^Workshop/).count(), 0, "looking joins nothing");
  await h.accessible(bob, "preview");
  await press(bob, "Join");
  await link(bob, /^Workshop/).waitFor();
  await field(bob).waitFor();
});

test("the field of a palette stays in its place while one types", async () => {
  for (const [open, name] of [[() => ann.keyboard.press("Control+k"), "Chats and people"], [() => press(ann, "New chat"), "Add people"]]) {
    await open();
    const box = ann.getByRole("combobox", { name });
    await ann.getByRole("option").first().waitFor();
    const places = new Set();
    const look = async () => places.add(JSON.stringify([(await box.boundingBox()).y, (await ann.locator(".dialog").boundingBox()).height]));
    await look();
    for (const key of "bobxyz") {
      await box.press(key);
      await look();
    }
    await ann.getByRole("dialog").getByText(/^No /).waitFor();
    await look();
    assert.equal(places.size, 1, [...places].join(" "));
    await ann.keyboard.press("Escape");
    await ann.getByRole("dialog").waitFor({ state: "detached" });
  }
});

test("the sidebar of a phone", async () => {
  const small = await h.watch(await (await h.browser.newContext({ ...phone, locale: "en-GB", storageState: await ann.context().storageState() })).newPage());
  await small.goto(h.at("/"));
  await link(small, /^Garden/).waitFor();
  assert.equal(await wide(small), false);
  await h.accessible(small, "sections");
  await press(small, "Add chats");
  await small.getByRole("menuitem", { name: "Browse chats" }).tap();
  await small.getByRole("dialog").getByText("Saws and planes", { exact: false }).waitFor();
  await h.accessible(small, "browse");
  await small.context().close();
});

h.noFaults();
