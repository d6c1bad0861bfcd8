// The list of chats: what is unread, finding, joining, jumping.
import assert from "node:assert/strict";
import { test } from "node:test";
import { heading, house, press, say, texts } from "./kit.mjs";

let ann, bob;
const h = house(async (h) => {
  ann = await h.person("Ann");
  bob = await h.person("Bob");
  await h.chat("Garden", ann, bob);
});

test("an unread chat has a count until it is looked at", async () => {
  await ann.getByRole("link", { name: /General/ }).click();
  await heading(ann, "General");
  await say(bob, "Anybody?");
  await ann.getByRole("link", { name: /Garden.*1 unread/ }).waitFor();
  assert.match(await ann.title(), /^\(1\) /);
  await ann.getByRole("link", { name: /Garden/ }).click();
  await texts(ann, "Anybody?").waitFor();
  await ann.locator(".divider").waitFor();
  await ann.getByRole("link", { name: /Garden/ }).locator(".count").waitFor({ state: "detached" });
});

test("open chats are made, found and joined", async () => {
  await press(ann, "New chat");
  await ann.getByLabel("Name of the chat", { exact: true }).fill("Kitchen");
  await ann.getByLabel("Everybody here may find and join it").check();
  await press(ann, "Start");
  await heading(ann, "Kitchen");
  await press(bob, "Menu");
  await bob.getByRole("menuitem", { name: "Browse open chats" }).click();
  await press(bob, "Join: Kitchen");
  await heading(bob, "Kitchen");
  await press(ann, "2 members");
  await ann.getByRole("dialog").getByText("@bob").waitFor();
  await h.accessible(ann, "members");
  await ann.keyboard.press("Escape");
});

h.quiet();
