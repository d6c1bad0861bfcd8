// Lazily loaded parts: each fails alone and can be retried, a server upgrade loses nothing, and an
// idle page prefetches them.
import assert from "node:assert/strict";
import { choose, field, heading, holds, testEnvironment, press, row, say, sent, test } from "./kit.mjs";

const assets = /\/assets\/(parts|compact)[^/]*$/;
let ann, bob;
const h = testEnvironment(async (h) => {
  ann = await h.signedIn("Ann");
  bob = await h.signedIn("Bob");
  await h.chat("Garden", ann, bob);
  await say(ann, "Hello");
  await sent(bob, "Hello");
});

/** Reloads the page with all requests for parts blocked. */
async function cutOff(page) {
  await page.route(assets, (route) => route.abort("internetdisconnected"));
  await page.reload();
  await sent(page, "Hello");
}
/** Checks that the console has only errors of blocked parts, and clears them. */
const expected = () => h.faults.splice(0).every((f) => /ERR_INTERNET|dynamically imported module|Failed to fetch/.test(f) || assert.fail(f));

test("a part that fails to load fails alone, and loads on a retry", async () => {
  await cutOff(ann);
  await field(ann).fill("Half a sentence");
  const words = ann.getByText("This part of the page couldn't be loaded.");
  for (const open of [
    () => ann.keyboard.press("Control+k"), () => press(ann, "New chat"), () => press(ann, "Emoji"), () => press(ann, "2 members"), () => ann.keyboard.press("Control+/"),
    async () => {
      await choose(ann, "Hello", "Add reaction");
    },
    () => choose(ann, "Hello", "Delete"), () => ann.locator(".message .user-name").first().click(),
  ]) {
    await open();
    await words.waitFor();
    await heading(ann, "Garden");
    await holds(ann, "Half a sentence");
    await press(ann, "Try again");
    await words.waitFor();
    await ann.keyboard.press("Escape");
    await words.waitFor({ state: "detached" });
  }
  await ann.keyboard.press("Control+k");
  await words.waitFor();
  await h.accessible(ann, "part-failed");
  await ann.unroute(assets);
  await press(ann, "Try again");
  await ann.getByRole("combobox").waitFor();
  await ann.keyboard.press("Escape");
  await press(ann, "Emoji");
  await ann.getByLabel("Search emoji").waitFor();
  await ann.keyboard.press("Escape");
  await holds(ann, "Half a sentence");
  expected();
});

test("after an upgrade the page offers a reload, which keeps the draft", async () => {
  await cutOff(bob);
  await field(bob).fill("Written before the upgrade");
  await bob.route(h.at("/"), async (route) => route.fulfill({ body: (await (await route.fetch()).text()).replace(/index-[\w-]+\.js/, "index-upgraded.js"), contentType: "text/html" }));
  await bob.keyboard.press("Control+k");
  await bob.getByText("The server was updated.").waitFor();
  await bob.unroute(assets);
  await bob.unroute(h.at("/"));
  await press(bob, "Reload");
  await sent(bob, "Hello");
  await holds(bob, "Written before the upgrade");
  await bob.keyboard.press("Control+k");
  await bob.getByRole("combobox").waitFor();
  await bob.keyboard.press("Escape");
  expected();
});

test("an idle page prefetches its parts: they open without a connection", async () => {
  const come = Promise.all(["parts", "compact"].map((name) => ann.waitForResponse((r) => r.url().includes(`/assets/${name}`))));
  await ann.reload();
  await come;
  await row(ann, "Hello").waitFor();
  h.down = true;
  await ann.context().setOffline(true);
  await ann.keyboard.press("Control+k");
  await ann.getByRole("combobox").waitFor();
  await ann.keyboard.press("Escape");
  await press(ann, "Emoji");
  await ann.locator(".emoji-grid button").first().waitFor();
  await ann.keyboard.press("Escape");
  await ann.context().setOffline(false);
  h.down = false;
});

h.noFaults();
