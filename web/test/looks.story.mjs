// How the page looks: measures and colours that a user would notice, with a 12-hour clock and scrollbars that take space.
import assert from "node:assert/strict";
import { press, row, say, test, testEnvironment, texts, wideScreen } from "./kit.mjs";

let ann, bob, room;
const h = testEnvironment(async (h) => {
  ann = await h.signedIn("Ann", { ...wideScreen, locale: "en-US" });
  bob = await h.signedIn("Bob");
  room = await h.chat("Garden", ann, bob);
}, [], { ignoreDefaultArgs: ["--hide-scrollbars"] });

const box = (locator) => locator.evaluate((e) => {
  const { left, right, top, bottom, width, height } = e.getBoundingClientRect();
  return { left, right, top, bottom, width, height };
});

test("a grouped row is one line high, and its time fits beside it", async () => {
  await say(bob, "first");
  await say(bob, "second");
  await texts(ann, "second").waitFor();
  const second = row(ann, "second");
  await second.hover();
  const time = second.locator(".message-gutter time");
  assert.match(await time.innerText(), /^\d{1,2}:\d\d$/);
  const line = await second.evaluate((e) => parseFloat(getComputedStyle(e.querySelector("p")).lineHeight));
  assert.ok((await box(second)).height <= line + 5, `${(await box(second)).height} px for a line of ${line}`);
  const [t, text] = [await box(time), await box(texts(ann, "second"))];
  assert.ok(t.right <= text.left && t.top >= (await box(second)).top && t.bottom <= (await box(second)).bottom);
});

/** Types as fast as one does after the dialog has closed, and checks where it lands. */
async function typesInto(page, title, text) {
  await page.getByRole("dialog").waitFor({ state: "detached" });
  await page.getByPlaceholder(`Message ${title}`).and(page.locator(":focus")).waitFor();
  await page.keyboard.type(text);
  assert.equal(await page.getByPlaceholder(`Message ${title}`).inputValue(), text);
  await page.keyboard.press("Control+a");
  await page.keyboard.press("Delete");
}

test("a chat that a dialog opens has the focus in its composer", async () => {
  for (const title of ["Bob", "Bob"]) { // a new one, then the same again
    await press(ann, "New chat");
    await ann.getByRole("combobox").and(ann.locator(":focus")).waitFor();
    await ann.keyboard.type("bo");
    await ann.getByRole("option", { name: /Bob/ }).waitFor();
    await ann.keyboard.press("Enter");
    await press(ann, "Start chat");
    await typesInto(ann, title, "hello");
  }
  await ann.keyboard.press("Control+k");
  await ann.getByRole("combobox").and(ann.locator(":focus")).waitFor();
  await ann.keyboard.type("garden");
  await ann.getByRole("option", { name: /Garden/ }).waitFor();
  await ann.keyboard.press("Enter");
  await typesInto(ann, "Garden", "from the switcher");
  await press(ann, "2 members");
  await ann.getByRole("dialog").getByRole("button", { name: /Bob$/ }).click();
  await ann.getByRole("menuitem").first().click();
  await typesInto(ann, "Bob", "from the members");
  await press(ann, "New chat");
  await ann.keyboard.press("Escape");
  await ann.getByRole("button", { name: "New chat", exact: true }).and(ann.locator(":focus")).waitFor(); // nothing was opened
  await ann.goto(h.at(`/c/${room}`));
  await ann.locator(".message .user-name", { hasText: "Bob" }).first().click();
  await ann.getByRole("dialog").getByRole("button").click();
  await typesInto(ann, "Bob", "from the card");
});

h.noFaults();
