// Addresses: links to messages, mistyped paths, Back while a dialog is open.
import assert from "node:assert/strict";
import { api, closing, escape, heading, phone, post, press, say, sent, test, testEnvironment, texts, wide } from "./kit.mjs";

let ann, bob, garden, kitchen;
const h = testEnvironment(async (h) => {
  ann = await h.signedIn("Ann");
  bob = await h.signedIn("Bob", phone);
  garden = await h.chat("Garden", ann, bob);
  kitchen = await h.chat("Kitchen", ann, bob);
});

test("a link to a message opens in place, also with a modifier elsewhere", async () => {
  await post(bob, garden, 60, "line");
  const link = h.at(`/c/${garden}/5`);
  await say(ann, `See ${link} and\n[this one](${link}), not\nhttps://example.org/c/x`); // a link that is broken into two lines has no middle to click
  await ann.getByRole("link", { name: "this one", exact: true }).click();
  await heading(ann, "Garden");
  await ann.locator('.message.mark[data-seq="5"]').waitFor();
  assert.equal(ann.url(), link);
  assert.equal(ann.context().pages().length, 1);
  await ann.goBack();
  await heading(ann, "Kitchen");
  assert.equal(await ann.getByRole("link", { name: "https://example.org/c/x", exact: true }).getAttribute("target"), "_blank");
  const opening = ann.context().waitForEvent("page");
  await ann.getByRole("link", { name: "this one", exact: true }).click({ modifiers: ["Control"] });
  await (await opening).close();

  await ann.goto(link); // typed into the address bar
  await ann.locator('.message.mark[data-seq="5"]').waitFor();
});

test("a mistyped path shows a page that says so", async () => {
  for (const page of [ann, bob]) {
    for (const path of ["/chats", `/c/${garden}/first`, "/me/profile"]) {
      const answer = await page.goto(h.at(path));
      assert.equal(answer.status(), path.startsWith("/c/") ? 200 : 404);
      await heading(page, "Page not found");
      await page.waitForFunction(() => /^(\(\d+\) )?Page not found$/.test(document.title)); // with the unread count
    }
    assert.equal(await wide(page), false);
    await h.accessible(page, "not-found");
    await press(page, "Back to chats");
    await page.getByRole("link", { name: /^Garden/ }).waitFor();
  }
  await ann.goto(h.at("/me/")); // one slash more
  await heading(ann, "Profile and settings");
});

test("Back closes a dialog, then leaves the chat", async () => {
  const dialog = () => bob.getByRole("dialog").or(bob.getByRole("alertdialog"));
  await bob.goto(h.at("/"));
  await bob.getByRole("link", { name: /^Garden/ }).tap();
  await heading(bob, "Garden");
  await press(bob, "2 members");
  await dialog().waitFor();
  await bob.goBack();
  await dialog().waitFor({ state: "detached" });
  await heading(bob, "Garden");
  assert.equal(new URL(bob.url()).pathname, `/c/${garden}`);

  await press(bob, "2 members"); // closed by a button: Back then leaves the chat
  await dialog().waitFor();
  await closing(bob, dialog(), () => press(bob, "Close"));
  await bob.goBack();
  await press(bob, "New chat");
  await dialog().waitFor();
  await bob.goBack();
  await dialog().waitFor({ state: "detached" });
  assert.equal(new URL(bob.url()).pathname, "/");

  // A dialog that leads to a chat leaves no entry behind.
  await press(bob, "Jump to…");
  await bob.getByRole("option", { name: "Kitchen" }).tap();
  await heading(bob, "Kitchen");
  await bob.goBack();
  await press(bob, "New chat");
  await dialog().waitFor();
  await escape(bob, dialog());
});

test("Back closes one of two dialogs at a time, and a menu of a phone", async () => {
  await ann.goto(h.at(`/c/${garden}`));
  await heading(ann, "Garden");
  await press(ann, "2 members");
  await press(ann, "More actions for Bob");
  await ann.getByRole("menuitem", { name: "Remove from chat" }).click();
  await ann.getByRole("alertdialog").waitFor();
  await ann.goBack();
  await ann.getByRole("alertdialog").waitFor({ state: "detached" });
  await ann.getByRole("dialog", { name: "2 members" }).waitFor();
  await ann.goBack();
  await ann.getByRole("dialog").waitFor({ state: "detached" });
  await heading(ann, "Garden");
  assert.equal(new URL(ann.url()).pathname, `/c/${garden}`);

  await bob.getByRole("link", { name: /^Garden/ }).tap();
  await heading(bob, "Garden");
  await bob.getByRole("button", { name: "Bob", exact: true }).first().tap();
  await bob.getByRole("dialog", { name: "Bob" }).waitFor();
  await bob.goBack();
  await bob.getByRole("dialog", { name: "Bob" }).waitFor({ state: "detached" });
  await press(bob, "Chat menu");
  await bob.getByRole("menuitem", { name: "Leave" }).waitFor();
  await bob.goBack();
  await bob.getByRole("menuitem", { name: "Leave" }).waitFor({ state: "detached" });
  await heading(bob, "Garden");
  await press(bob, "Chat menu");
  await bob.getByRole("menuitem", { name: "Leave" }).tap(); // from a menu to a dialog
  const leave = bob.getByRole("alertdialog").or(bob.getByRole("dialog"));
  await leave.waitFor();
  await bob.goBack();
  await leave.waitFor({ state: "detached" });
  await heading(bob, "Garden");
});

h.noFaults();
