// A person's own settings: levels, mute, star, hide, unread again on two devices, quiet hours; system lines.
import assert from "node:assert/strict";
import { allRead, api, choose, field, heading, list, notices, phone, post, press, row, say, sent, test, testEnvironment, texts, wide, wideScreen } from "./kit.mjs";

let ann, annsPhone, bob, garden, kitchen;
const h = testEnvironment(async (h) => {
  ann = await h.signedIn("Ann", { ...wideScreen, permissions: ["notifications"], timezoneId: "Europe/Berlin" });
  bob = await h.signedIn("Bob");
  kitchen = await h.chat("Kitchen", ann, bob);
  garden = await h.chat("Garden", ann, bob);
  annsPhone = await h.newBrowser(phone);
  await annsPhone.goto(h.at("/"));
  await api(annsPhone, "POST", "/api/sessions", { handle: "ann", password: "correct horse", cookie: true });
  await annsPhone.goto(h.at("/"));
  await link(annsPhone, /^Garden/).waitFor();
});
const link = (page, name) => page.getByRole("link", { name });
const titles = (page) => page.locator(".chat-row .chat-row-title").evaluateAll((all) => all.map((e) => e.firstChild.textContent));
const menu = async (page, item) => {
  await press(page, "Chat menu");
  await page.getByRole("menuitem", { name: item, exact: true }).click();
};
const write = (page, chat, text) => api(page, "POST", `/api/chats/${chat}/messages`, { clientId: text, text });
const mine = async (page, chat) => (await api(page, "GET", `/api/chats/${chat}`)).chat.mine;
/** Opens a chat from the list: a row that has just moved ignores the mouse. */
const open = async (page, name, title) => {
  await link(page, name).first().dispatchEvent("click");
  await heading(page, title);
};
/** Makes the page attended or not, because an automated browser reports all windows as focused. */
const look = (page, here) => page.evaluate((here) => {
  document.hasFocus = () => here;
  dispatchEvent(new Event(here ? "focus" : "blur"));
}, here);

test("a star puts a chat on top, on all devices, and goes again", async () => {
  await open(ann, /^Kitchen/, "Kitchen");
  await menu(ann, "Star");
  for (const p of [ann, annsPhone]) await p.getByRole("button", { name: "Starred" }).waitFor();
  assert.deepEqual((await titles(ann)).slice(0, 1), ["Kitchen"]);
  await ann.reload();
  await ann.getByRole("button", { name: "Starred" }).waitFor();
  await menu(ann, "Remove star");
  for (const p of [ann, annsPhone]) await p.getByRole("button", { name: "Starred" }).waitFor({ state: "detached" });
});

test("a message is marked as unread here and on the other device, until its chat is opened again", async () => {
  await post(bob, garden, 5, "leaf");
  await open(ann, /^Garden/, "Garden");
  await texts(ann, "leaf 5").waitFor();
  await allRead(ann, garden);
  await choose(ann, "leaf 3", "Mark as unread");
  for (const p of [ann, annsPhone]) await link(p, /Garden.*3 unread/).waitFor();
  assert.ok((await mine(ann, garden)).unreadFrom > 0);
  await ann.locator(".message-divider + .message", { hasText: "leaf 3" }).waitFor();
  await write(bob, garden, "leaf 6"); // the page shows it and does not read it
  await texts(ann, "leaf 6").waitFor();
  for (const p of [ann, annsPhone]) await link(p, /Garden.*4 unread/).waitFor();
  await look(ann, false);
  await look(ann, true);
  await h.shot(ann, "unread-again");
  assert.equal((await api(ann, "GET", `/api/chats/${garden}`)).chat.unread, 4);

  await open(ann, /^Kitchen/, "Kitchen"); // another chat, and back: that reads it
  await open(ann, /Garden.*4 unread/, "Garden");
  await allRead(ann, garden);
  for (const p of [ann, annsPhone]) await p.waitForFunction(() => !document.querySelector('.chat-row[data-unread]'));
  assert.equal((await mine(ann, garden)).unreadFrom, 0);
});

test("U marks the focused message; Escape, and a message of one's own, end it; another device can as well", async () => {
  const focus = async (text) => row(ann, text).focus();
  await focus("leaf 5");
  await ann.keyboard.press("u");
  await open(annsPhone, /Garden.*2 unread/, "Garden"); // the phone opens it
  await texts(annsPhone, "leaf 5").waitFor();
  for (const p of [ann, annsPhone]) await p.waitForFunction(() => !document.querySelector('.chat-row[data-unread]'));
  await press(annsPhone, "All chats");
  await focus("leaf 4");
  await ann.keyboard.press("u");
  await link(ann, /Garden.*3 unread/).waitFor();
  await ann.keyboard.press("Escape");
  await link(annsPhone, /Garden.*unread/).waitFor({ state: "detached" });
  await focus("leaf 4");
  await ann.keyboard.press("u");
  await link(annsPhone, /Garden.*3 unread/).waitFor();
  await say(ann, "I read it all");
  await sent(ann, "I read it all");
  for (const p of [ann, annsPhone]) await link(p, /Garden.*unread/).waitFor({ state: "detached" });
});

test("counts of mentions follow @all, edits and the mark", async () => {
  await open(ann, /^Kitchen/, "Kitchen");
  await api(bob, "POST", `/api/chats/${garden}/messages`, { clientId: "plain", text: "Nobody in particular" });
  await api(bob, "POST", `/api/chats/${garden}/messages`, { clientId: "all", text: "Tea is ready, @all" });
  for (const p of [ann, annsPhone]) await link(p, /Garden.*2 unread messages, 1 mention/).waitFor();
  assert.deepEqual(await link(ann, /^Garden/).locator(".chat-row-count").allInnerTexts(), ["@1", "2"]);
  await h.shot(ann, "mention-counts");
});

test("a muted chat is grey at its place, keeps the badge of mentions, and says until when", async () => {
  const before = await titles(ann);
  await open(ann, /^Garden/, "Garden");
  await allRead(ann, garden);
  await menu(ann, "Notifications");
  await ann.getByRole("dialog", { name: "Notifications" }).waitFor();
  await h.accessible(ann, "chat-notifications");
  await press(ann, "For 1 hour");
  await ann.getByText(/^Muted until \d/).waitFor();
  await h.accessible(ann, "chat-muted");
  await press(ann, "Done");
  await ann.getByRole("button", { name: /^Muted until \d/ }).waitFor();
  await open(ann, /^Kitchen/, "Kitchen");
  await ann.mouse.move(900, 400);
  await write(bob, garden, "Not so loud");
  await write(bob, garden, "Hello @ann");
  for (const p of [ann, annsPhone]) await link(p, /^Garden ?, muted.*2 unread messages, 1 mention/).waitFor();
  assert.deepEqual(await link(ann, /^Garden/).locator(".chat-row-count").allInnerTexts(), ["@1"]);
  assert.equal(await link(ann, /^Garden/).getAttribute("data-unread"), null);
  assert.deepEqual((await titles(ann)).toSorted(), before.toSorted());
  await ann.waitForFunction(() => document.title.startsWith("(1)")); // the mention alone
  await h.accessible(ann, "muted");
  await h.accessible(annsPhone, "muted");
  assert.equal(await wide(annsPhone), false);
  await open(ann, /^Garden/, "Garden");
  await menu(ann, "Unmute");
  await link(annsPhone, /^Garden(?! ?, muted)/).waitFor();
  assert.equal((await mine(ann, garden)).mutedUntil, 0);
});

test("muting ends by itself", async () => {
  await api(ann, "PATCH", `/api/chats/${garden}/mine`, { mutedUntil: Date.now() + 3000 });
  for (const p of [ann, annsPhone]) await link(p, /^Garden ?, muted/).waitFor();
  for (const p of [ann, annsPhone]) await link(p, /^Garden ?, muted/).waitFor({ state: "detached" });
});

test("a hidden chat comes back with the next message; undo and the quick switcher find it before", async () => {
  await menu(ann, "Hide from list");
  await link(ann, /^Garden/).waitFor({ state: "detached" });
  await link(annsPhone, /^Garden/).waitFor({ state: "detached" });
  await ann.getByText("Garden is hidden until the next message.").waitFor();
  await h.accessible(ann, "hidden");
  await press(ann, "Undo");
  await heading(ann, "Garden");
  await link(annsPhone, /^Garden/).waitFor();
  await menu(ann, "Hide from list");
  await link(ann, /^Garden/).waitFor({ state: "detached" });
  await ann.reload();
  await link(ann, /^Kitchen/).waitFor();
  assert.equal(await link(ann, /^Garden/).count(), 0);
  await ann.keyboard.press("Control+k");
  await ann.getByRole("combobox", { name: "Chats and people" }).fill("gard");
  await ann.getByRole("option", { name: /Garden/ }).click();
  await heading(ann, "Garden");
  await link(ann, /^Garden/).waitFor(); // while it is open
  await open(ann, /^Kitchen/, "Kitchen");
  await link(ann, /^Garden/).waitFor({ state: "detached" });
  await write(bob, garden, "Anyone there?");
  for (const p of [ann, annsPhone]) await link(p, /Garden.*1 unread/).waitFor();
});

test("levels and quiet hours hold for this page's notifications", async () => {
  await ann.goto(h.at("/me"));
  await press(ann, "Turn on");
  await ann.evaluate(() => navigator.serviceWorker.ready.then(() => 0));
  await ann.getByRole("radio", { name: "Direct messages, mentions and replies" }).check();
  await ann.goto(h.at(`/c/${kitchen}`));
  await heading(ann, "Kitchen");
  await look(ann, false);
  await write(bob, garden, "Only a word");
  await write(bob, garden, "A word for @ann");
  assert.match((await notices(ann, 1))[0].body, /Bob: A word for @ann$/);
  await write(bob, garden, "Only another word");
  await write(bob, kitchen, "Soup for @ann");
  assert.equal((await notices(ann, 2)).length, 2);
  await look(ann, true);
  await ann.evaluate(async () => { for (const n of await (await navigator.serviceWorker.getRegistration()).getNotifications()) n.close(); });

  await ann.goto(h.at("/me"));
  await ann.getByRole("checkbox", { name: /^Quiet hours/ }).check();
  assert.equal(await ann.getByLabel("Time zone").inputValue(), "Europe/Berlin");
  const at = (hours) => new Date(Date.now() + hours * 3_600_000).toLocaleTimeString("en-GB", { timeZone: "Europe/Berlin", hour: "2-digit", minute: "2-digit" });
  await ann.getByLabel("From").fill(at(-1));
  await ann.getByLabel("To", { exact: true }).fill(at(2));
  await ann.getByLabel("To", { exact: true }).press("Enter");
  await ann.waitForFunction(async (to) => (await (await fetch("/api/me")).json()).settings.quietTo === to, at(2));
  await h.accessible(ann, "notification-rules");
  await annsPhone.goto(h.at("/me"));
  await annsPhone.getByRole("checkbox", { name: /^Quiet hours/, checked: true }).waitFor();
  await annsPhone.getByRole("checkbox", { name: /^Quiet hours/ }).scrollIntoViewIfNeeded();
  await h.accessible(annsPhone, "notification-rules");
  assert.equal(await wide(annsPhone), false);
  await ann.goto(h.at(`/c/${kitchen}`));
  await heading(ann, "Kitchen");
  await look(ann, false);
  await write(bob, garden, "Sleep well, @ann");
  await link(ann, /^Garden.*5 unread/).waitFor();
  assert.deepEqual(await notices(ann, 0), []);
  await ann.goto(h.at("/me"));
  await ann.getByRole("checkbox", { name: /^Quiet hours/ }).uncheck();
  await ann.getByRole("checkbox", { name: /^Show message text/ }).uncheck();
  await ann.waitForFunction(async () => (await (await fetch("/api/me")).json()).settings.pushText === false);
  await annsPhone.getByRole("checkbox", { name: /^Show message text/, checked: false }).waitFor();
  await ann.goto(h.at(`/c/${kitchen}`));
  await heading(ann, "Kitchen");
  await look(ann, false);
  await write(bob, garden, "Good morning, @ann");
  assert.match((await notices(ann, 1))[0].body, /New message$/);
  await look(ann, true);
});

test("who came and went, and what changed, stands between the messages, quietly, also after a reload", async () => {
  const cat = await h.signedIn("Cat");
  const dan = await h.signedIn("Dan");
  for (const p of [cat, dan]) await p.goto(h.at("/mentions")); // the first page would open the chat, and ask for what it may not see a moment later
  const id = async (page) => (await api(page, "GET", "/api/me")).user.id;
  await api(ann, "PATCH", "/api/me", { settings: { level: "all", quietFrom: "", quietTo: "" } });
  await open(ann, /^Kitchen/, "Kitchen");
  await look(ann, true);
  await allRead(ann, kitchen);
  const before = await titles(ann);
  const lines = (page) => page.locator(".message-line > span").allInnerTexts();
  await api(bob, "POST", `/api/chats/${garden}/messages`, { clientId: "above", text: "Above the kitchen" });
  await ann.waitForFunction(() => document.querySelector(".chat-row-title").textContent === "Garden");
  const rename = (change) => api(ann, "PATCH", `/api/chats/${kitchen}`, change);
  await rename({ title: "Kitchens" });
  await rename({ groupMentions: "admins" }); // has no line
  await rename({ title: "Kitchen", topic: "Bread" });
  const { chat } = await rename({ topic: "Soup of the day" });
  assert.equal(chat.topic, "Soup of the day");
  for (const p of [cat, dan]) await api(p, "POST", "/api/invites/accept", { code: await h.invite(kitchen) });
  await api(ann, "DELETE", `/api/chats/${kitchen}/members/${await id(dan)}`);
  await api(cat, "DELETE", `/api/chats/${kitchen}/members/me`);
  const soup = await list(ann).locator(".message[data-seq]").last().getAttribute("data-seq");
  await api(bob, "PUT", `/api/chats/${kitchen}/messages/${soup}/pin`);
  await ann.locator(".message-line", { hasText: "Bob pinned a message." }).waitFor();
  await api(bob, "DELETE", `/api/chats/${kitchen}/messages/${soup}/pin`);
  await api(bob, "PUT", `/api/chats/${kitchen}/messages/${soup}/pin`);
  await ann.waitForFunction(() => document.querySelectorAll(".message-line > button").length === 2);
  const said = ["You renamed this chat.", "You renamed this chat to “Kitchen”. You changed the topic.", "You changed the topic to “Soup of the day”.", "Cat and Dan joined.", "You removed Dan.", "Cat left.", "Bob pinned a message.", "Bob unpinned a message.", "Bob pinned a message."];
  const live = await lines(ann);
  assert.deepEqual(live.slice(-said.length), said);
  assert.deepEqual((await titles(ann)).toSorted(), before.toSorted());
  assert.equal((await titles(ann))[0], "Garden"); // none of it moved the kitchen
  assert.equal(await link(ann, /Kitchen.*unread/).count(), 0);
  await ann.reload();
  await ann.waitForFunction((live) => [...document.querySelectorAll(".message-line > span")].map((e) => e.innerText).join() === live, live.join());
  await h.accessible(ann, "lines");
  await annsPhone.goto(h.at(`/c/${kitchen}`));
  await annsPhone.locator(".message-line", { hasText: "Bob pinned a message." }).last().waitFor();
  await h.accessible(annsPhone, "lines");
  assert.equal(await wide(annsPhone), false);
  await ann.locator(".message-line").getByRole("button", { name: "Show" }).last().click();
  await ann.locator(`.message.mark[data-seq="${soup}"]`).waitFor();
});

h.noFaults();
