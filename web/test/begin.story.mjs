// How one gets in: the owner's link, an invite, signing in and out, a lost password.
import assert from "node:assert/strict";
import { test } from "node:test";
import { api, field, fill, heading, house, phone, press, say, sent, wide } from "./kit.mjs";

const h = house();
let ann, bob, inviteLink;

test("the owner's link makes the owner, who lands in General", async () => {
  ann = await h.stranger();
  await ann.goto(h.parley.setup);
  await heading(ann, "Set up your server");
  await fill(ann, { "Name of the server": "Our house", "Your name": "Ann", Handle: "ann", "New password": "short" });
  await press(ann, "Start");
  await ann.getByText("password must have", { exact: false }).waitFor();
  assert.equal(await ann.getByLabel("New password", { exact: true }).getAttribute("aria-invalid"), "true");
  await h.accessible(ann, "setup");
  await fill(ann, { "New password": "correct horse" });
  await press(ann, "Start");
  await heading(ann, "General");
  assert.equal(new URL(ann.url()).hash, "");
  await field(ann).waitFor();
  assert.ok(await field(ann).evaluate((e) => e === document.activeElement), "the composer has the focus");
  await say(ann, "Welcome");
  await sent(ann, "Welcome");
});

test("a chat is made and its invite brings a second person", async () => {
  await press(ann, "New chat");
  await fill(ann, { "Name of the chat": "Garden" });
  await h.accessible(ann, "new-chat");
  await press(ann, "Start");
  await heading(ann, "Garden");
  await press(ann, "Chat menu");
  await ann.getByRole("menuitem", { name: "Invite people" }).click();
  await ann.getByLabel("QR code of the link").waitFor();
  inviteLink = await ann.getByLabel("Link", { exact: true }).inputValue();
  await h.accessible(ann, "invite");
  await ann.keyboard.press("Escape");
  assert.equal(new URL(inviteLink).host, new URL(h.parley.url).host);

  bob = await h.stranger(phone);
  await bob.goto(inviteLink);
  await heading(bob, "Ann invites you to Garden");
  await fill(bob, { "Your name": "Bob", Handle: "ann", "New password": "battery staple" });
  await press(bob, "Join");
  await bob.locator('[name="handle"][aria-invalid]').waitFor(); // taken
  assert.equal(await wide(bob), false);
  await h.accessible(bob, "joining");
  await fill(bob, { Handle: "bob" });
  await press(bob, "Join");
  await heading(bob, "Garden");
});

test("who signs out is out, and can come back", async () => {
  await press(bob, "All chats");
  await press(bob, "Menu");
  await bob.getByRole("menuitem", { name: "Sign out" }).click();
  await heading(bob, "Sign in to Our house");
  await h.accessible(bob, "sign-in");
  await fill(bob, { Handle: "bob", Password: "wrong horse" });
  await press(bob, "Sign in");
  await bob.getByText(/wrong/).waitFor();
  await fill(bob, { Password: "battery staple" });
  await press(bob, "Sign in");
  await bob.getByRole("link", { name: /Garden/ }).waitFor();
});

test("an invite is accepted with an account that one has", async () => {
  const carol = await h.stranger();
  await carol.goto(inviteLink);
  await press(carol, "I have an account");
  await fill(carol, { Handle: "bob", Password: "battery staple" });
  await press(carol, "Sign in");
  await heading(carol, "Garden");
  await carol.context().close();
});

test("a recovery link sets a password, and ends the other sessions at once", async () => {
  const { users } = await api(ann, "GET", "/api/users?q=bob");
  const { url } = await api(ann, "POST", "/api/recoveries", { userId: users[0].id });
  const again = await h.stranger();
  await again.goto(url);
  await fill(again, { "New password": "a third password" });
  await press(again, "Set password");
  await again.getByRole("link", { name: /Garden/ }).waitFor();
  await heading(bob, "Sign in to Our house");
  await again.context().close();
});

h.quiet();
