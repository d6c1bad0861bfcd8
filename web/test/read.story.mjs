// Reading: where a chat opens, and that what one reads stays where it is.
import assert from "node:assert/strict";
import { test } from "node:test";
import { house, list, phone, post, texts } from "./kit.mjs";

let ann, bob, room;
const h = house(async (h) => {
  ann = await h.person("Ann");
  bob = await h.person("Bob", phone);
  room = await h.chat("Garden", ann, bob);
});

test("scrolling back reaches the beginning of 120 messages, in order", async () => {
  await post(ann, room, 120, "Row");
  await texts(bob, "Row 120").waitFor();
  await bob.reload();
  await texts(bob, "Row 120").waitFor();
  assert.equal(await texts(bob, "Row 1").count(), 0);
  // What one reads stays where it is while older messages come above it.
  const moved = await list(bob).evaluate(async (log) => {
    const first = log.querySelector("[data-seq]");
    const grown = new Promise((ok) => new MutationObserver(() => log.querySelector("[data-seq]") !== first && ok()).observe(log, { subtree: true, childList: true }));
    log.scrollTop = 200;
    await new Promise((ok) => requestAnimationFrame(() => requestAnimationFrame(ok)));
    const edge = log.getBoundingClientRect().top;
    const read = [...log.querySelectorAll("[data-seq]")].find((m) => m.getBoundingClientRect().top > edge);
    const was = read.getBoundingClientRect().top;
    if (log.querySelector("[data-seq]") === first) await grown;
    await new Promise((ok) => requestAnimationFrame(() => requestAnimationFrame(ok)));
    return read.getBoundingClientRect().top - was;
  });
  assert.ok(Math.abs(moved) <= 1, `it moved by ${moved} px`);
  for (let i = 0; i < 400 && !(await bob.getByText("This is the beginning.").count()); i++) await list(bob).evaluate((log) => log.scrollBy(0, -1500));
  await texts(bob, "Row 1").waitFor();
  const numbers = await bob.locator(".message[data-seq]").evaluateAll((all) => all.map((m) => Number(m.dataset.seq)));
  assert.deepEqual(numbers, [...new Set(numbers)].sort((a, b) => a - b));
  const rows = (await bob.locator(".message .body").allInnerTexts()).filter((t) => t.startsWith("Row "));
  assert.deepEqual(rows, Array.from({ length: 120 }, (_, i) => `Row ${i + 1}`));
});

h.quiet();
