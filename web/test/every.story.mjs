// Everywhere: every view at both widths, in light and dark.
import assert from "node:assert/strict";
import { test } from "node:test";
import { house, phone, say, texts, wide } from "./kit.mjs";

let ann, bob, room;
const h = house(async (h) => {
  ann = await h.person("Ann");
  bob = await h.person("Bob", phone);
  room = await h.chat("Garden", ann, bob);
});

test("a talk looks right at 360 and 1280 pixels, light and dark", async () => {
  await say(ann, "Hello");
  for (const p of [ann, bob]) {
    await texts(p, "Hello").waitFor();
    await h.accessible(p, "talk");
    assert.equal(await wide(p), false);
  }
});

test("a missing asset is no page", async () => {
  for (const path of ["/assets/index-gone.js", "/nothing.css"]) assert.equal((await fetch(h.at(path))).status, 404);
});

h.quiet();
