// All features by keyboard alone, from the owner's link to signing out.
import assert from "node:assert/strict";
import { api, field, heading, testEnvironment, say, sent, test, texts } from "./kit.mjs";

const h = testEnvironment();
let ann, bob;

/** Returns the accessible name of the focused element. */
const focused = (page) => page.evaluate(() => {
  const e = document.activeElement;
  const by = e?.getAttribute("aria-labelledby")?.split(" ").map((id) => document.getElementById(id)?.textContent).join(" ");
  return (e?.getAttribute("aria-label") ?? by ?? e?.labels?.[0]?.textContent ?? e?.getAttribute("placeholder") ?? e?.textContent ?? "").trim();
});

/** Presses a key until that element has the focus. */
async function go(page, name, key = "Tab") {
  const seen = [];
  for (let i = 0; i < 80; i++) {
    const now = await focused(page);
    if (typeof name === "string" ? now === name : name.test(now)) return;
    seen.push(now);
    await page.keyboard.press(key);
  }
  assert.fail(`${key} never comes to ${name}, but to: ${[...new Set(seen)].join(" | ")}`);
}
const enter = (page) => page.keyboard.press("Enter");
const type = async (page, name, text) => {
  await go(page, name);
  await page.keyboard.press("Control+a");
  await page.keyboard.type(text);
};
/** Opens a menu and picks an item. */
async function pick(page, menu, item, key = "Tab") {
  await go(page, menu, key);
  await enter(page);
  await page.getByRole("menu").waitFor();
  await go(page, item, "ArrowDown");
  await enter(page);
}
const focusIs = (page, name) => page.waitForFunction(([name]) => {
  const e = document.activeElement;
  return (e?.getAttribute("aria-label") ?? e?.textContent) === name;
}, [name]);

test("sets up the server", async () => {
  ann = await h.newBrowser();
  await ann.goto(h.parley.setup);
  await heading(ann, "Set up your server");
  await type(ann, "Server name", "Our house");
  await type(ann, "Your name", "Ann");
  await type(ann, "Handle", "ann");
  await type(ann, "New password", "correct horse");
  await enter(ann);
  await heading(ann, "General");
  await focusIs(ann, "Message General");
  h.owner = ann;
  bob = await h.newBrowser();
  await bob.goto(h.at("/"));
  await api(bob, "POST", "/api/accounts", { handle: "bob", name: "Bob", password: "correct horse", cookie: true, invite: await h.invite(/\/c\/([\w-]+)/.exec(ann.url())[1]) });
  await bob.goto(h.at("/"));
  await heading(bob, "General");
});

test("posts, replies, reacts, edits and deletes", async () => {
  await ann.keyboard.type("Good morning");
  await enter(ann);
  await sent(ann, "Good morning");
  await say(bob, "Morning, Ann");
  await texts(ann, "Morning, Ann").waitFor();

  await ann.keyboard.type("A typo hier");
  await enter(ann);
  await sent(ann, "A typo hier");
  await ann.keyboard.press("ArrowUp");
  await focusIs(ann, "Edit message");
  await ann.keyboard.press("Control+a");
  await ann.keyboard.type("No typo here");
  await enter(ann);
  await texts(bob, "No typo here").waitFor();
  await focusIs(ann, "Message General");

  await go(ann, "Messages", "Shift+Tab");
  await ann.keyboard.press("ArrowUp"); // to the last message, then the one before
  await go(ann, /^Bob, /, "ArrowUp");
  await enter(ann);
  await ann.getByRole("menu").waitFor();
  await go(ann, "Reply", "ArrowDown");
  await enter(ann);
  await focusIs(ann, "Message General");
  await ann.keyboard.type("Did you sleep well?");
  await enter(ann);
  await bob.locator(".message-quote", { hasText: "Morning, Ann" }).waitFor();

  await go(ann, "Messages", "Shift+Tab");
  await ann.keyboard.press("ArrowUp");
  await go(ann, /^Bob, /, "ArrowUp");
  await go(ann, "React with 👍");
  await enter(ann);
  await bob.getByRole("button", { name: "👍 1: Ann" }).waitFor();

  await go(ann, "Messages", "Shift+Tab");
  await ann.keyboard.press("ArrowUp"); // the newest is her own
  await enter(ann);
  await ann.getByRole("menu").waitFor();
  await go(ann, "Delete", "ArrowDown");
  await enter(ann);
  await ann.getByRole("alertdialog").waitFor();
  await go(ann, "Cancel");
  await ann.keyboard.press("Tab"); // to the button that deletes
  await enter(ann);
  await bob.getByText("This message was deleted.").first().waitFor();
  await ann.waitForFunction(() => document.activeElement?.matches("li[data-seq]")); // on the deleted message
  await ann.getByText("This message was deleted.").first().waitFor();
});

test("completes names and emoji while writing", async () => {
  await go(ann, "Message General");
  await ann.keyboard.type("@bo");
  await ann.getByRole("option", { name: /@bob/ }).waitFor();
  await enter(ann);
  await ann.keyboard.type("look :tada");
  await ann.getByRole("listbox").getByRole("option").first().waitFor();
  await ann.keyboard.press("Tab");
  await enter(ann);
  await bob.locator(".markdown-mention.me", { hasText: "@bob" }).waitFor();
  await bob.getByText("🎉").first().waitFor();
});

test("creates a chat, finds it again, and returns", async () => {
  await pick(ann, "Add chats", "Browse chats", "Shift+Tab");
  await ann.getByRole("dialog").waitFor();
  await ann.keyboard.press("Escape");
  await focusIs(ann, "Add chats");

  await go(ann, "New chat", "Shift+Tab");
  await enter(ann);
  await ann.getByRole("dialog").waitFor();
  await ann.keyboard.press("Escape");
  await focusIs(ann, "New chat");
  await enter(ann);
  await type(ann, "Chat name", "Garden");
  await enter(ann);
  await heading(ann, "Garden");
  await focusIs(ann, "Message Garden");
  await ann.keyboard.type("Who waters the beans?");
  await enter(ann);
  await sent(ann, "Who waters the beans?");

  await ann.keyboard.press("Control+k");
  await ann.getByRole("dialog").waitFor();
  await ann.keyboard.type("genral"); // typos are tolerated
  await ann.getByRole("option", { name: /General/ }).waitFor();
  await enter(ann);
  await heading(ann, "General");
  await focusIs(ann, "Message General");
});

test("help opens by a key, and the focus returns", async () => {
  await ann.keyboard.press("Control+/");
  await ann.getByRole("heading", { name: "Keyboard shortcuts" }).waitFor();
  await ann.getByText("Jump to a chat or person").waitFor();
  await ann.keyboard.press("Escape");
  await focusIs(ann, "Message General");
  for (const [item, role] of [["Invite people", "dialog"], ["Name and topic", "dialog"], ["Leave", "alertdialog"]]) {
    await pick(ann, "Chat menu", item, "Shift+Tab");
    await ann.getByRole(role).waitFor();
    await ann.keyboard.press("Escape");
    await ann.getByRole(role).waitFor({ state: "detached" });
    await focusIs(ann, "Chat menu");
  }
  await go(ann, "2 members", "Shift+Tab");
  await enter(ann);
  await ann.getByRole("dialog").getByText("@bob").waitFor();
  await ann.keyboard.press("Escape");
  await focusIs(ann, "2 members");
});

test("Escape marks unread messages as read", async () => {
  await ann.keyboard.press("Control+k");
  await ann.getByRole("dialog").waitFor();
  await ann.keyboard.type("garden");
  await enter(ann);
  await heading(ann, "Garden");
  await say(bob, "Are you still there?");
  await ann.getByRole("link", { name: /General.*1 unread/ }).waitFor();
  await go(ann, /^General|General.*unread/, "Shift+Tab");
  await enter(ann);
  await heading(ann, "General");
  await texts(ann, "Are you still there?").waitFor();
  await go(ann, "Messages", "Shift+Tab");
  await ann.keyboard.press("Escape");
  await ann.getByText(/1 new message since/).waitFor({ state: "detached" });
});

test("sets a status and signs out", async () => {
  await pick(ann, "Menu", "Profile and settings", "Shift+Tab");
  await heading(ann, "Profile and settings");
  await type(ann, "Status", "gone home");
  await enter(ann);
  await ann.getByText("Saved").waitFor();
  await go(ann, "Sign out", "Shift+Tab");
  await enter(ann);
  await heading(ann, "Sign in to Our house");
  await type(ann, "Handle", "ann");
  await type(ann, "Password", "correct horse");
  await enter(ann);
  await heading(ann, "Profile and settings");
});

h.noFaults();
