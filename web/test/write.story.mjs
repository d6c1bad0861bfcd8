// Writing: the composer, and what messages can be.
import assert from "node:assert/strict";
import { test } from "node:test";
import { choose, field, heading, house, list, phone, press, row, say, sent, texts } from "./kit.mjs";

let ann, bob;
const h = house(async (h) => {
  ann = await h.person("Ann");
  bob = await h.person("Bob", phone);
  await h.chat("Garden", ann, bob);
});

test("both talk, and text is text", async () => {
  await say(ann, "Hello @bob, <b>mind</b> the *gate*, snake_case and 2*3*4");
  await list(bob).getByText("<b>mind</b>", { exact: false }).waitFor();
  const body = bob.locator(".message .body").first();
  assert.equal(await body.innerText(), "Hello @bob, <b>mind</b> the gate, snake_case and 2*3*4");
  assert.equal(await body.locator("em").innerText(), "gate");
  assert.equal(await body.locator(".mention.me").innerText(), "@bob");
  await say(bob, "It is shut");
  await texts(ann, "It is shut").waitFor();
  await row(ann, "It is shut").hover();
  await press(ann, "React with 👍");
  await bob.getByRole("button", { name: "👍 1: Ann" }).click();
  await ann.getByRole("button", { name: /^👍 2: / }).waitFor();
  await row(ann, "It is shut").hover();
  await row(ann, "It is shut").getByRole("button", { name: "Answer", exact: true }).click();
  await say(ann, "I know");
  await bob.locator(".quote", { hasText: "It is shut" }).waitFor();
});

test("the composer completes names and emoji, and knows fences", async () => {
  await field(ann).fill("");
  await field(ann).pressSequentially("@bo");
  await ann.getByRole("option", { name: /@bob/ }).waitFor();
  await ann.keyboard.press("Tab");
  assert.equal(await field(ann).inputValue(), "@bob ");
  await field(ann).pressSequentially(":tada");
  await ann.getByRole("option").first().waitFor();
  await ann.keyboard.press("Escape");
  await field(ann).fill("```");
  await ann.keyboard.press("Enter");
  await ann.keyboard.type("let a");
  assert.equal(await field(ann).inputValue(), "```\nlet a");
  await field(ann).fill("");
  await press(ann, "Emoji");
  await ann.getByLabel("Search emoji").fill("party popper");
  await ann.getByRole("button", { name: "party popper", exact: true }).click();
  assert.equal(await field(ann).inputValue(), "🎉");
  await field(ann).fill("");
});

test("a draft outlives a reload and stays with its chat", async () => {
  await field(ann).fill("half a thought");
  await ann.getByRole("link", { name: /General/ }).click();
  await heading(ann, "General");
  await ann.getByRole("link", { name: /Garden.*half a thought/ }).waitFor();
  await ann.reload();
  await ann.getByRole("link", { name: /Garden/ }).click();
  await ann.waitForFunction(() => document.querySelector("[data-composer]")?.value === "half a thought");
  await field(ann).fill("");
});

test("one's own message is edited and deleted", async () => {
  await say(bob, "Tomatos are ripe");
  await sent(bob, "Tomatos are ripe");
  await field(bob).press("ArrowUp");
  await bob.getByLabel("Edit the message").fill("Tomatoes are ripe");
  await press(bob, "Save");
  await texts(ann, "Tomatoes are ripe").waitFor();
  await row(ann, "Tomatoes are ripe").getByText("edited").waitFor();
  await say(ann, "Oops");
  await sent(ann, "Oops");
  await choose(ann, "Oops", "Delete");
  await press(ann, "Delete");
  await row(bob, "Oops").waitFor({ state: "detached" });
  await bob.getByText("This message was deleted.", { exact: true }).first().waitFor();
});

h.quiet();
