// What people write, in any script.
import assert from "node:assert/strict";
import { api, field, press, row, say, sent, test, testEnvironment, texts, wideScreen } from "./kit.mjs";

let ann, bob;
const h = testEnvironment(async (h) => {
  ann = await h.signedIn("Ann", wideScreen);
  bob = await h.signedIn("Bob", wideScreen);
  await h.chat("Garden", ann, bob);
});

test("a mention is shown where somebody is named, and nowhere else", async () => {
  const received = (text) => bob.locator(".message[data-seq]", { hasText: text.replace(/[`\\]|^_|(?<=bob)_/g, "") });
  for (const [text, shown] of [["@bob- look", "@bob"], ["你@bob你好", "@bob"], ["_@bob_ is here", "@bob"], ["@Bob.Thanks", "@Bob"]]) {
    await say(ann, text);
    assert.equal(await received(text).locator(".markdown-mention.me").innerText(), shown, text);
  }
  for (const text of ["`@bob` in code", "https://x.example/@bob", "\\@bob escaped", "@bob@social.example", "@bobby"]) {
    await say(ann, text);
    await received(text).waitFor();
    assert.equal(await received(text).locator(".markdown-mention").count(), 0, text);
  }
});

test("a text that shows nothing cannot be sent", async () => {
  await field(ann).fill("\u200b \u3164");
  assert.ok(await ann.getByRole("button", { name: "Send", exact: true }).isDisabled());
  await field(ann).press("Enter");
  await field(ann).fill("");
  await say(ann, "Something to see");
  await sent(bob, "Something to see");
  assert.equal(await bob.locator(".message").last().locator(".message-body").innerText(), "Something to see");
});

test("two forms of an emoji are one reaction", async () => {
  const path = await bob.evaluate(() => location.pathname.replace("/c/", "/api/chats/"));
  const seq = await row(bob, "Something to see").getAttribute("data-seq");
  await api(bob, "PUT", `${path}/messages/${seq}/reactions/${encodeURIComponent("❤")}`, {});
  await row(ann, "Something to see").hover();
  await ann.getByRole("button", { name: "❤️ 1: Bob" }).waitFor();
  await press(ann, "React with ❤️");
  await bob.getByRole("button", { name: "❤️ 2: Bob and Ann" }).waitFor();
});

test("a quote and a preview are not cut inside a character", async () => {
  const families = "👩‍👩‍👧‍👦".repeat(20);
  await say(ann, families);
  await texts(bob, families).waitFor();
  await row(bob, families).hover();
  await row(bob, families).getByRole("button", { name: "Reply", exact: true }).click();
  await say(bob, "So many");
  const quote = await row(ann, "So many").locator(".message-quote").innerText();
  assert.match(quote, /^Ann (?:👩‍👩‍👧‍👦){8}$/u);
  await say(ann, families);
  await bob.waitForFunction(() => [...document.querySelectorAll(".chat-row-preview")].some((e) => /^Ann: (?:👩‍👩‍👧‍👦){10}$/u.test(e.textContent)));
});

test("a name of right-to-left letters does not turn what stands beside it", async () => {
  await api(bob, "PATCH", "/api/me", { name: "שלום (2)" });
  await ann.waitForFunction(() => [...document.querySelectorAll(".reactions [aria-label]")].some((e) => e.ariaLabel.endsWith(": \u2068שלום (2)\u2069 and Ann")));
});

h.noFaults();
