// The menu of a chat in the list: by a right click, its button, a key and a long press.
import assert from "node:assert/strict";
import { allRead, api, heading, phone, press, test, testEnvironment, wide, wideScreen } from "./kit.mjs";

let ann, annsPhone, bob, garden, kitchen;
const h = testEnvironment(async (h) => {
  ann = await h.signedIn("Ann", wideScreen);
  bob = await h.signedIn("Bob");
  kitchen = await h.chat("Kitchen", ann, bob);
  garden = await h.chat("Garden", ann, bob);
  await write(kitchen, "Hello");
  await ann.goto(h.at(`/c/${kitchen}`));
  await heading(ann, "Kitchen");
  await write(garden, "Hello"); // not before: the page showed the chat that it created last, and would read it
  annsPhone = await h.watch(await (await h.browser.newContext({ ...phone, locale: "en-GB", storageState: await ann.context().storageState() })).newPage());
  await annsPhone.goto(h.at("/"));
  await row(annsPhone, "Garden").waitFor();
});
const write = (chat, text) => api(bob, "POST", `/api/chats/${chat}/messages`, { clientId: `${chat} ${text}`, text });
const row = (page, title) => page.locator(".chat-row", { has: page.locator(".chat-row-title", { hasText: title }) });
const item = (page, name) => page.getByRole("menuitem", { name, exact: true });
const items = (page) => page.getByRole("menuitem").allInnerTexts();
const mine = async (chat) => (await api(ann, "GET", `/api/chats/${chat}`)).chat.mine;
/** Waits until the server has a value of Ann's settings of a chat. */
const settled = async (chat, field, want) => {
  for (const end = Date.now() + 30_000; (await mine(chat))[field] !== want && Date.now() < end;) await ann.waitForTimeout(20);
  assert.equal((await mine(chat))[field], want);
};
const closed = (page) => page.getByRole("menu").first().waitFor({ state: "detached" });

test("a right click opens the menu at the pointer, and marks as read and unread without opening the chat", async () => {
  await row(ann, "Garden").and(ann.locator("[data-unread]")).waitFor();
  const box = await row(ann, "Garden").boundingBox();
  await ann.mouse.click(box.x + 80, box.y + 20, { button: "right" });
  await item(ann, "Mark as read").waitFor();
  const at = await ann.getByRole("menu").boundingBox();
  assert.ok(Math.abs(at.x - box.x - 80) < 12 && Math.abs(at.y - box.y - 20) < 12, "the menu is at the pointer");
  assert.deepEqual(await items(ann), ["Mark as read", "Star", "Notifications", "Mute", "Hide from list", "Leave"]);
  await h.accessible(ann, "row-menu");
  await item(ann, "Mark as read").click();
  await allRead(ann, garden);
  for (const p of [ann, annsPhone]) await row(p, "Garden").and(p.locator(":not([data-unread])")).waitFor();
  await row(ann, "Garden").click({ button: "right" });
  await item(ann, "Mark as unread").waitFor();
  await write(garden, "While the menu is open");
  await item(ann, "Mark as read").click();
  await allRead(ann, garden);
  await row(ann, "Garden").click({ button: "right" });
  await item(ann, "Mark as unread").click();
  for (const p of [ann, annsPhone]) await p.getByRole("link", { name: /^Garden.*1 unread message/ }).waitFor();
  assert.equal(new URL(ann.url()).pathname, `/c/${kitchen}`);
});

test("the newest message that is not deleted is marked, and the chat in view stays unread until it is opened again", async () => {
  const { message } = await write(kitchen, "Oops");
  await allRead(ann, kitchen);
  await api(bob, "DELETE", `/api/chats/${kitchen}/messages/${message.seq}`);
  await row(ann, "Kitchen").getByText("deleted a message").waitFor();
  await row(ann, "Kitchen").click({ button: "right" });
  await item(ann, "Mark as unread").click();
  await annsPhone.getByRole("link", { name: /^Kitchen.*1 unread message/ }).waitFor();
  await row(ann, "Kitchen").click({ button: "right" });
  await item(ann, "Mark as read").click();
  await allRead(ann, kitchen);
});

test("the button of a hovered row opens the same menu; star, mute and hide are the header's", async () => {
  await ann.mouse.move(900, 400);
  await row(ann, "Garden").hover();
  const more = ann.getByRole("button", { name: "Chat menu of Garden" });
  const openMenu = () => more.dispatchEvent("click"); // a row that has just moved ignores the mouse
  await h.shot(ann, "row-hovered");
  await more.click();
  await item(ann, "Star").click();
  await ann.getByRole("button", { name: "Starred" }).waitFor(); // also while the pointer is in the list
  await openMenu();
  await item(ann, "Mute").hover();
  await item(ann, "For 8 hours").waitFor();
  assert.deepEqual((await items(ann)).slice(-4), ["For 1 hour", "For 8 hours", "Until tomorrow", "Until I turn it back on"]);
  await h.accessible(ann, "row-menu-mute");
  await item(ann, "Until I turn it back on").click();
  await settled(garden, "mutedUntil", -1);
  await openMenu();
  await item(ann, "Unmute").click();
  await settled(garden, "mutedUntil", 0);
  await openMenu();
  await item(ann, "Remove star").click();
  await ann.getByRole("button", { name: "Starred" }).waitFor({ state: "detached" });

  await openMenu();
  await item(ann, "Notifications").click();
  await ann.getByRole("dialog", { name: "Notifications" }).getByRole("radio", { name: "Nothing" }).check();
  await settled(garden, "level", "none");
  await h.accessible(ann, "row-notifications");
  await press(ann, "Done");

  await row(ann, "Garden").dispatchEvent("contextmenu");
  await item(ann, "Hide from list").click();
  await row(ann, "Garden").waitFor({ state: "detached" });
  await heading(ann, "Kitchen"); // it was not open: the view stays
  await press(ann, "Undo");
  await row(ann, "Garden").waitFor();
  await heading(ann, "Kitchen");
  await press(ann, "Chat menu");
  assert.deepEqual(await items(ann), ["Files", "Pinned messages", "Invite people", "Name and topic", "Group picture", "Who can use @all and @here", "Mark as unread", "Star", "Notifications", "Mute", "Hide from list", "Leave", "Delete chat"]);
  await ann.keyboard.press("Escape");
  await closed(ann);
});

test("Shift+F10 and the menu key open it, arrows reach all of it, and the focus returns", async () => {
  const focused = (title) => ann.waitForFunction((title) => document.activeElement.querySelector?.(".chat-row-title")?.firstChild.textContent === title, title);
  await row(ann, "Garden").focus();
  for (const key of ["Shift+F10", "ContextMenu"]) {
    await ann.keyboard.press(key);
    await item(ann, "Star").waitFor();
    await ann.waitForFunction(() => document.activeElement.textContent === "Mark as read");
    await ann.keyboard.press("Escape");
    await closed(ann);
    await focused("Garden");
  }
  await ann.keyboard.press("Shift+F10");
  await item(ann, "Star").waitFor();
  for (let i = 0; i < 3; i++) await ann.keyboard.press("ArrowDown");
  await ann.keyboard.press("ArrowRight");
  await ann.waitForFunction(() => document.activeElement.textContent === "For 1 hour");
  await ann.keyboard.press("Enter");
  await closed(ann);
  await row(ann, "Garden").and(ann.locator("[data-muted]")).waitFor();
  await focused("Garden");
  await ann.keyboard.press("Shift+F10");
  await item(ann, "Hide from list").waitFor();
  await ann.keyboard.press("h");
  await ann.waitForFunction(() => document.activeElement.textContent === "Hide from list");
  await ann.keyboard.press("Enter");
  await row(ann, "Garden").waitFor({ state: "detached" });
  await ann.waitForFunction(() => document.activeElement.matches(".chat-row")); // the row with the focus is gone
  await press(ann, "Undo");
  await row(ann, "Garden").waitFor();
  await api(ann, "PATCH", `/api/chats/${garden}/mine`, { mutedUntil: 0 });
});

test("on a phone a long press opens it and nothing else; a short one opens the chat, a moving one nothing", async () => {
  const touch = await annsPhone.context().newCDPSession(annsPhone);
  const at = (type, x, y) => touch.send("Input.dispatchTouchEvent", { type, touchPoints: type === "touchEnd" ? [] : [{ x, y }] });
  const box = await row(annsPhone, "Garden").boundingBox();
  const x = box.x + 100, y = box.y + 25;
  await at("touchStart", x, y);
  for (const d of [20, 40, 60]) await at("touchMove", x, y + d);
  await annsPhone.waitForTimeout(700); // longer than a long press
  await at("touchEnd");
  assert.equal(await annsPhone.getByRole("menu").count(), 0);

  await at("touchStart", x, y);
  await item(annsPhone, "Star").waitFor();
  await at("touchEnd");
  await h.accessible(annsPhone, "row-menu");
  assert.equal(await wide(annsPhone), false);
  assert.equal(new URL(annsPhone.url()).pathname, "/");
  await item(annsPhone, "Mute").tap();
  await item(annsPhone, "For 1 hour").waitFor();
  const times = await item(annsPhone, "Until I turn it back on").boundingBox();
  assert.ok(times.x >= 0 && times.x + times.width <= 360, "the times fit the screen");
  await h.accessible(annsPhone, "row-menu-mute");
  assert.equal(await wide(annsPhone), false);
  await item(annsPhone, "For 1 hour").tap();
  await row(annsPhone, "Garden").and(annsPhone.locator("[data-muted]")).waitFor();
  assert.equal(new URL(annsPhone.url()).pathname, "/");

  await at("touchStart", x, y);
  await item(annsPhone, "Unmute").waitFor();
  await at("touchEnd");
  await annsPhone.goBack(); // closes the menu
  await closed(annsPhone);
  assert.equal(new URL(annsPhone.url()).pathname, "/");
  await row(annsPhone, "Garden").tap();
  await heading(annsPhone, "Garden");
});

test("leaving from the list asks, and leaves the open chat open", async () => {
  await row(ann, "Garden").click({ button: "right" });
  await item(ann, "Leave").click();
  const dialog = ann.getByRole("alertdialog", { name: "Leave Garden" });
  await dialog.getByRole("combobox").fill("bob");
  await ann.getByRole("option", { name: /Bob/ }).click();
  await h.accessible(ann, "row-leave");
  await press(ann, "Hand over and leave");
  await dialog.waitFor({ state: "detached" });
  await row(ann, "Garden").waitFor({ state: "detached" });
  await heading(ann, "Kitchen");
  await annsPhone.getByText("You left this chat").or(annsPhone.getByRole("heading", { level: 1 })).first().waitFor();
});

h.noFaults();
