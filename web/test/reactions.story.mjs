// Who reacted to a message, and with what: with a mouse, a keyboard and a finger.
import assert from "node:assert/strict";
import { api, choose, heading, phone, press, row, test, testEnvironment, texts } from "./kit.mjs";

let ann, bob, cara, room, seq;
const put = (page, emoji) => api(page, "PUT", `/api/chats/${room}/messages/${seq}/reactions/${encodeURIComponent(emoji)}`);
const dialog = (page) => page.getByRole("dialog", { name: "Reactions" });
const names = (page) => dialog(page).getByRole("list").locator("b").allInnerTexts();
const closed = async (page) => {
  await dialog(page).waitFor({ state: "detached" });
};
const h = testEnvironment(async (h) => {
  ann = await h.signedIn("Ann");
  bob = await h.signedIn("Bob");
  cara = await h.signedIn("Cara", phone);
  room = await h.chat("Garden", ann, bob, cara);
  ({ message: { seq } } = await api(bob, "POST", `/api/chats/${room}/messages`, { clientId: "shed", text: "It is shut" }));
  for (const p of [ann, bob]) await put(p, "👍");
  await put(cara, "🎉");
});

/** Presses a reaction long with a finger. */
async function hold(page, name) {
  const chip = page.getByRole("button", { name });
  await chip.tap({ trial: true });
  const at = await chip.boundingBox();
  const touch = await page.context().newCDPSession(page);
  await touch.send("Input.dispatchTouchEvent", { type: "touchStart", touchPoints: [{ x: at.x + at.width / 2, y: at.y + at.height / 2 }] });
  await dialog(page).waitFor();
  await touch.send("Input.dispatchTouchEvent", { type: "touchEnd", touchPoints: [] });
}

test("on a phone a long press on a reaction shows who reacted, and changes nothing", async () => {
  await hold(cara, "👍 2: Ann and Bob");
  assert.deepEqual(await names(cara), ["Ann", "Bob"]);
  assert.equal(await cara.getByRole("menu").count(), 0);
  await h.accessible(cara, "reactions");
  const sheet = await cara.locator(".sheet .dialog").boundingBox();
  assert.deepEqual([sheet.x, sheet.width, sheet.y + sheet.height], [0, 360, 740]);
  await dialog(cara).getByRole("button", { name: "🎉 1 person" }).tap();
  assert.deepEqual(await names(cara), ["Cara"]);
  assert.equal((await cara.locator(".sheet .dialog").boundingBox()).height, sheet.height);
  await cara.goBack();
  await closed(cara);
  await heading(cara, "Garden");
  await cara.getByRole("button", { name: "👍 2: Ann and Bob" }).waitFor();
});

test("on a phone a tap on a reaction still adds it", async () => {
  await cara.getByRole("button", { name: "👍 2: Ann and Bob" }).tap();
  await cara.getByRole("button", { name: "👍 3: Ann, Bob and Cara" }).tap();
  await cara.getByRole("button", { name: "👍 2: Ann and Bob" }).waitFor();
  await cara.getByRole("button", { name: /^More actions/ }).last().tap();
  await cara.getByRole("menuitem", { name: "View reactions" }).tap();
  await dialog(cara).waitFor();
  await press(cara, "Close");
  await closed(cara);
});

test("the menu of a message shows who reacted, by the keyboard, and follows what changes", async () => {
  await row(ann, "It is shut").focus();
  await ann.keyboard.press("Enter");
  await ann.getByRole("menuitem", { name: "View reactions" }).focus();
  await ann.keyboard.press("Enter");
  await dialog(ann).waitFor();
  assert.deepEqual(await names(ann), ["Ann", "Bob"]);
  await h.accessible(ann, "reactions");
  await put(cara, "👍");
  await dialog(ann).getByText("Cara", { exact: true }).waitFor();
  await dialog(ann).getByRole("button", { name: "🎉 1 person" }).focus();
  await ann.keyboard.press("Enter");
  await dialog(ann).getByRole("button", { name: "🎉 1 person", pressed: true }).waitFor();
  assert.deepEqual(await names(ann), ["Cara"]);
  await api(cara, "DELETE", `/api/chats/${room}/messages/${seq}/reactions/${encodeURIComponent("🎉")}`);
  await dialog(ann).getByRole("button", { name: "👍 3 people", pressed: true }).waitFor();
  await ann.keyboard.press("Escape");
  await closed(ann);
  await row(ann, "It is shut").and(ann.locator(":focus-within, :focus")).waitFor(); // the focus stays in the log
});

test("a message that loses all its reactions keeps the list open and says so", async () => {
  await choose(bob, "It is shut", "View reactions");
  await dialog(bob).waitFor();
  for (const p of [ann, bob, cara]) await api(p, "DELETE", `/api/chats/${room}/messages/${seq}/reactions/${encodeURIComponent("👍")}`);
  await dialog(bob).getByText("No reactions yet", { exact: true }).waitFor();
  await bob.keyboard.press("Escape");
  await closed(bob);
  await row(bob, "It is shut").hover();
  await row(bob, "It is shut").getByRole("button", { name: /^More actions/ }).click();
  await bob.getByRole("menu").waitFor();
  assert.equal(await bob.getByRole("menuitem", { name: "View reactions" }).count(), 0);
  await bob.keyboard.press("Escape");
  await texts(bob, "It is shut").waitFor();
});

h.noFaults();
