// Suggestions while one writes or edits a message: how they are taken, where they stand, and what is read out.
import assert from "node:assert/strict";
import { choose, field, holds, phone, post, say, sent, test, testEnvironment } from "./kit.mjs";

let ann, bob, room;
const h = testEnvironment(async (h) => {
  ann = await h.signedIn("Ann");
  bob = await h.signedIn("Bob", phone);
  room = await h.chat("Garden", ann, bob);
});

const edit = (page) => page.getByLabel("Edit message");
const options = (page) => page.getByRole("option");
const closed = (page) => options(page).first().waitFor({ state: "detached" });
const reads = (page, text) => page.waitForFunction((text) => document.activeElement.value === text, text);
const body = (page, text) => page.locator(".message[data-seq] .message-body", { hasText: text }).waitFor();
/** Waits until the list of suggestions lies inside the part of the page that shows the message. */
const seen = (page) => page.waitForFunction(() => {
  const list = document.querySelector(".edit-field .suggestion-list")?.getBoundingClientRect();
  const log = document.querySelector(".message-scroller").getBoundingClientRect();
  return list && list.top >= log.top && list.bottom <= log.bottom && list.height > 30;
});

test("an edit suggests mentions and emoji, by keyboard and by click, and Escape closes only the suggestions", async () => {
  await say(ann, "Ask @bob");
  await sent(ann, "Ask @bob");
  await choose(ann, "Ask @bob", "Edit");
  await reads(ann, "Ask @bob");
  assert.equal(await options(ann).count(), 0); // nothing was written yet, so Enter saves
  await ann.keyboard.press("Control+a");
  await ann.keyboard.type("Ask @");
  await options(ann).filter({ hasText: "@bob" }).waitFor();
  await seen(ann);
  await h.shot(ann, "edit-suggest-1280");
  await ann.keyboard.type("bo");
  await ann.locator('.option[aria-selected="true"]', { hasText: "@bob" }).waitFor();
  await ann.keyboard.press("Escape");
  await closed(ann);
  await reads(ann, "Ask @bo"); // still editing
  await ann.keyboard.type("b");
  await options(ann).filter({ hasText: "@bob" }).waitFor();
  await ann.keyboard.press("Enter");
  await reads(ann, "Ask @bob ");
  await ann.keyboard.press("Control+z");
  await reads(ann, "Ask @bob");
  await ann.keyboard.press("End");
  await options(ann).first().waitFor();
  await ann.keyboard.press("Tab");
  await reads(ann, "Ask @bob ");
  await ann.keyboard.type("(:smi");
  await options(ann).filter({ hasText: /smil/ }).first().waitFor();
  const second = await ann.locator(".suggestion-list .option > span:first-child").nth(1).innerText();
  await options(ann).nth(1).click();
  await reads(ann, `Ask @bob (${second} `);
  await ann.keyboard.type(":tada:");
  await reads(ann, `Ask @bob (${second} 🎉`);
  await ann.keyboard.press("Control+z");
  await reads(ann, `Ask @bob (${second} :tada:`);
  await ann.keyboard.press("Control+z");
  await ann.keyboard.press("Control+a");
  await ann.keyboard.type("Ask @");
  await options(ann).first().waitFor();
  await ann.keyboard.press("ArrowUp"); // the last one
  assert.equal(await ann.locator('.option[aria-selected="true"]').count(), 1);
  await ann.keyboard.press("Escape");
  await ann.keyboard.press("Control+a");
  await ann.keyboard.type("Asked @bob and @ann");
  await ann.keyboard.press("Control+b"); // a shortcut works while suggestions are open
  await ann.waitForFunction(() => document.activeElement.value.endsWith("**"));
  await ann.keyboard.press("Control+z");
  await ann.keyboard.press("Escape");
  await closed(ann);
  await edit(ann).press("Enter");
  await body(bob, "Asked @bob and @ann");
  await choose(ann, "Asked @bob and @ann", "Edit");
  await ann.keyboard.press("Escape"); // without suggestions it ends the edit
  await edit(ann).waitFor({ state: "detached" });
});

test("the suggestions of an edit are seen whole at the top and at the bottom of the log, also on a phone", async () => {
  await post(bob, room, 30, "Filling");
  for (const [page, name] of [[ann, "Ann"], [bob, "Bob"]]) {
    await say(page, `${name} at the end`);
    await sent(page, `${name} at the end`);
    await field(page).press("ArrowUp");
    await edit(page).fill("hi :smi");
    await options(page).first().waitFor();
    await seen(page);
    await edit(page).fill("hi");
    await closed(page);
    await edit(page).evaluate((e) => e.closest(".message").scrollIntoView({ block: "start" }));
    await post(page === ann ? bob : ann, room, 30, `After ${name}`);
    await edit(page).evaluate((e) => e.closest(".message").scrollIntoView({ block: "start" }));
    await edit(page).fill("hi :smi"); // at once: a tap right after the list changed would not count
    await options(page).first().waitFor();
    await seen(page);
    await h.shot(page, `edit-suggest-top-${page.viewportSize().width}`);
    if (page === bob) await options(bob).first().tap();
    else await options(ann).first().click();
    await page.waitForFunction(() => /^hi \P{ASCII}+ $/u.test(document.activeElement.value));
    await page.keyboard.press("Enter");
    await edit(page).waitFor({ state: "detached" });
  }
});

test("axe finds nothing while suggestions are open, and the field says what is chosen", async () => {
  for (const page of [ann, bob]) {
    await field(page).fill("hi @bo");
    await options(page).first().waitFor();
    await h.accessible(page, "suggestions");
    const on = await field(page).evaluate((e) => ({ role: e.role, list: document.getElementById(e.getAttribute("aria-controls"))?.role, chosen: document.getElementById(e.getAttribute("aria-activedescendant"))?.textContent, how: e.getAttribute("aria-autocomplete") }));
    assert.deepEqual([on.role, on.list, on.how], [null, "listbox", "list"]);
    assert.match(on.chosen, /@bob/);
    await page.getByRole("status").filter({ hasText: /^1 suggestion$/ }).waitFor();
    await field(page).fill("");
    await closed(page);
    assert.deepEqual(await field(page).evaluate((e) => [e.getAttribute("aria-controls"), e.getAttribute("aria-activedescendant")]), [null, null]);
  }
  await say(ann, "To be edited");
  await sent(ann, "To be edited");
  await choose(ann, "To be edited", "Edit");
  await ann.keyboard.type(" @bo");
  await options(ann).first().waitFor();
  await h.accessible(ann, "edit-suggestions");
  await ann.keyboard.press("Escape");
  await ann.keyboard.press("Escape");
  await holds(ann, "");
});

h.noFaults();
