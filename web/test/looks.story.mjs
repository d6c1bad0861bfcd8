// How the page looks: measures and colours that a user would notice, with a 12-hour clock and scrollbars that take space.
import assert from "node:assert/strict";
import { row, say, test, testEnvironment, texts, wideScreen } from "./kit.mjs";

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

h.noFaults();
