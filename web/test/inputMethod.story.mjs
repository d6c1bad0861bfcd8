// Keys that an input method handles do nothing else, whatever has the focus.
import assert from "node:assert/strict";
import { api, choose, field, holds, post, press, say, sent, test, testEnvironment, texts } from "./kit.mjs";

let ann, bob, room;
const h = testEnvironment(async (h) => {
  ann = await h.signedIn("Ann");
  bob = await h.signedIn("Bob");
  room = await h.chat("Garden", ann, bob);
});

/** Composes a text in the focused field, and presses a key that the input method handles. */
async function compose(page, text, key) {
  const keys = await page.context().newCDPSession(page);
  await keys.send("Input.imeSetComposition", { text, selectionStart: text.length, selectionEnd: text.length });
  await keys.send("Input.dispatchKeyEvent", { type: "rawKeyDown", key, code: key, windowsVirtualKeyCode: 229 });
  if (key === "Escape") await keys.send("Input.imeSetComposition", { text: "", selectionStart: 0, selectionEnd: 0 });
  else await keys.send("Input.insertText", { text });
  await keys.send("Input.dispatchKeyEvent", { type: "keyUp", key, code: key });
}

/** Sends the focused element the key that Safari reports after a composition: with keyCode 229, or with nothing that tells. */
const late = (page, key) => page.evaluate((key) => {
  const on = document.activeElement;
  on.dispatchEvent(new KeyboardEvent("keydown", { key, code: key, keyCode: 229, bubbles: true, cancelable: true }));
  on.dispatchEvent(new CompositionEvent("compositionend", { data: "日本", bubbles: true }));
  on.dispatchEvent(new KeyboardEvent("keydown", { key, code: key, keyCode: key === "Enter" ? 13 : 27, bubbles: true, cancelable: true }));
  return new Promise((ok) => setTimeout(ok)); // in a task of its own the next key is no late one
}, key);

test("Escape that cancels a composition marks nothing as read and closes nothing", async () => {
  await ann.getByRole("link", { name: /General/ }).click();
  await post(bob, room, 60, "Bob's");
  await ann.getByRole("link", { name: /Garden.*60 unread/ }).click();
  await texts(ann, "Bob's 1").waitFor();
  const unread = async () => (await api(ann, "GET", `/api/chats/${room}`)).chat.unread;
  await field(ann).focus();
  await compose(ann, "にほん", "Escape");
  await late(ann, "Escape");
  assert.ok((await unread()) > 10);
  await field(ann).fill("hi @bo");
  await ann.getByRole("option", { name: "@bob" }).waitFor();
  await late(ann, "Escape");
  assert.equal(await ann.getByRole("option").count(), 1);
  await ann.keyboard.press("Escape"); // closes the suggestions
  await ann.getByRole("option").waitFor({ state: "detached" });
  await field(ann).fill("");
  await ann.keyboard.press("Control+k");
  const search = ann.getByRole("dialog").getByRole("combobox");
  await search.waitFor();
  await compose(ann, "にほん", "Escape");
  await late(ann, "Escape");
  assert.equal(await search.count(), 1);
  await ann.keyboard.press("Escape");
  await search.waitFor({ state: "detached" });
  assert.ok((await unread()) > 10);
  await field(ann).press("Escape");
  while ((await unread()) > 0);
});

test("the late Enter of an input method sends and picks nothing", async () => {
  await field(ann).fill("日本");
  await late(ann, "Enter");
  await holds(ann, "日本");
  await field(ann).fill("日本 @bo");
  await ann.getByRole("option", { name: "@bob" }).waitFor();
  await late(ann, "Enter");
  await holds(ann, "日本 @bo");
  await press(ann, "Emoji");
  await ann.getByLabel("Search emoji").fill("party pop");
  await ann.getByRole("button", { name: "party popper", exact: true }).waitFor();
  await late(ann, "Enter");
  assert.equal(await ann.getByLabel("Search emoji").inputValue(), "party pop");
  await ann.keyboard.press("Escape");
  await ann.getByLabel("Search emoji").waitFor({ state: "detached" });
  await holds(ann, "日本 @bo");
  await ann.keyboard.press("Control+k");
  const search = ann.getByRole("dialog").getByRole("combobox");
  await search.fill("General");
  await ann.getByRole("option", { name: /General/ }).waitFor();
  await late(ann, "Enter");
  assert.equal(await search.inputValue(), "General");
  await ann.keyboard.press("Escape");
  await search.waitFor({ state: "detached" });
  await field(ann).fill("");
  await say(ann, "To be edited");
  await sent(ann, "To be edited");
  await choose(ann, "To be edited", "Edit");
  const edit = ann.getByLabel("Edit message");
  await edit.fill("日本");
  for (const key of ["Enter", "Escape"]) await late(ann, key);
  assert.equal(await edit.inputValue(), "日本");
  await edit.press("Enter"); // not of the input method
  await sent(bob, "日本");
});

test("a full-width ＠ completes, after it was typed and while it is composed", async () => {
  await field(ann).fill("");
  const bobs = ann.locator('.option[aria-selected="true"]', { hasText: "@bob" });
  for (const before of ["", "さん", "会議、"]) {
    await ann.keyboard.insertText(`${before}＠bo`);
    await bobs.waitFor();
    await ann.keyboard.press("Enter");
    await holds(ann, `${before}@bob `);
    await ann.keyboard.press("Control+z");
    await holds(ann, `${before}＠bo`);
    await field(ann).fill("");
  }
  const keys = await ann.context().newCDPSession(ann);
  await keys.send("Input.imeSetComposition", { text: "＠bo", selectionStart: 3, selectionEnd: 3 });
  await bobs.waitFor();
  await keys.send("Input.insertText", { text: "＠bo" });
  await ann.evaluate(() => new Promise((ok) => setTimeout(ok))); // a key in the same task would be a late one
  await ann.keyboard.press("Enter");
  await holds(ann, "@bob ");
  await ann.keyboard.type("hello");
  await ann.keyboard.press("Enter");
  await sent(bob, "@bob hello");
});

h.noFaults();
