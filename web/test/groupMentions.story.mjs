// @all and @here: suggestions, the question before many people are notified, the setting; sending without notifying.
import assert from "node:assert/strict";
import { api, escape, field, holds, phone, press, row, say, sent, test, testEnvironment } from "./kit.mjs";

let ann, bob, club, duo;
const h = testEnvironment(async (h) => {
  ann = await h.signedIn("Ann");
  bob = await h.signedIn("Bob");
  club = await h.chat("Club", ann, bob);
  duo = await h.chat("Duo", ann, bob);
  for (const name of ["Cat", "Dan", "Eve", "Fay", "Gil"]) {
    const page = await h.signedIn(name);
    await api(ann, "PUT", `/api/chats/${club}/members/${(await api(page, "GET", "/api/me")).user.id}`);
    await page.context().close();
  }
  for (const page of [ann, bob]) await page.goto(h.at(`/c/${club}`));
});
const option = (page, name) => page.getByRole("option", { name });
const question = (page) => page.getByRole("alertdialog", { name: "Notify 6 people?" });
const last = async () => (await api(bob, "GET", `/api/chats/${club}/messages?limit=1`)).messages[0];

test("@all and @here are suggested with what they do", async () => {
  await field(ann).pressSequentially("@");
  await option(ann, /@all Notify everyone in this chat/).waitFor();
  await option(ann, /@here Notify everyone who's online/).waitFor();
  await h.shot(ann, "group-suggestions");
  await field(ann).press("a");
  await field(ann).press("l");
  await field(ann).press("l");
  await field(ann).press("Enter");
  assert.equal(await field(ann).inputValue(), "@all ");
});

test("above five people one is asked first", async () => {
  await field(ann).pressSequentially("lunch is ready");
  await field(ann).press("Enter");
  await question(ann).waitFor();
  await h.accessible(ann, "group-question");
  await question(ann).getByRole("button", { name: "Cancel" }).click();
  assert.equal(await field(ann).inputValue(), "@all lunch is ready");
  await press(ann, "Send");
  await question(ann).getByRole("button", { name: "Send", exact: true }).click();
  await bob.locator(".message", { hasText: "lunch is ready" }).locator(".markdown-mention.me", { hasText: "@all" }).waitFor();
  assert.equal((await last()).mentionsAll, "all");
});

test("in quotes and code it names nobody, and nobody is asked", async () => {
  await say(ann, "Write `@all` for everybody");
  await bob.locator(".message", { hasText: "for everybody" }).waitFor();
  assert.equal((await last()).mentionsAll, undefined);
  await api(ann, "POST", `/api/chats/${club}/messages`, { clientId: "quoted", text: "> @all said he\n\nand so @here did I" });
  const m = bob.locator(".message", { hasText: "and so" });
  await m.locator(".markdown-mention", { hasText: "@here" }).waitFor();
  assert.equal(await m.locator("blockquote .markdown-mention").count(), 0);
});

test("an admin decides who may, and others see words", async () => {
  await press(ann, "Chat menu");
  await ann.getByRole("menuitem", { name: "Who can use @all and @here" }).click();
  await ann.getByLabel("Only admins").check();
  await h.accessible(ann, "group-setting");
  await press(ann, "Save");
  await ann.getByRole("dialog").waitFor({ state: "detached" });
  while ((await api(bob, "GET", `/api/chats/${club}`)).chat.groupMentions !== "admins");
  await say(ann, "After the change");
  await sent(bob, "After the change"); // and so is the change
  await field(bob).pressSequentially("@");
  await option(bob, /@ann/).waitFor();
  assert.equal(await option(bob, /@all/).count(), 0);
  await field(bob).fill("@all of you");
  await press(bob, "Send");
  await sent(bob, "@all of you");
  assert.equal(await row(bob, "@all of you").locator(".markdown-mention").count(), 0);
});

test("a message is sent without notifying, from the menu and with the keyboard", async () => {
  const posts = [];
  await ann.goto(h.at(`/c/${duo}`));
  await field(ann).fill("Read this tomorrow");
  await press(ann, "More options");
  await h.accessible(ann, "send-menu");
  await ann.getByRole("menuitem", { name: "Send without notifying" }).click();
  await sent(ann, "Read this tomorrow");
  await field(ann).fill("And this");
  await field(ann).press("Control+Shift+Enter");
  await sent(ann, "And this");
  await field(ann).fill("Now");
  await field(ann).press("Enter");
  await sent(ann, "Now");
  const { events } = await api(bob, "GET", `/api/chats/${duo}/events?after=0`);
  for (const e of events) if (e.event === "posted") posts.push([e.text, !!e.silent]);
  assert.deepEqual(posts, [["Read this tomorrow", true], ["And this", true], ["Now", false]]);
});

test("on a phone a long press opens the menu, and lifting the finger sends nothing", async () => {
  const small = await h.watch(await (await h.browser.newContext({ ...phone, locale: "en-GB", storageState: await ann.context().storageState() })).newPage());
  await small.addInitScript(() => addEventListener("contextmenu", (e) => e.stopImmediatePropagation(), true)); // iOS has no such event
  await small.goto(h.at(`/c/${duo}`));
  await field(small).fill("From the phone");
  const touch = await small.context().newCDPSession(small);
  const send = small.getByRole("button", { name: "Send", exact: true });
  const at = await send.boundingBox();
  const finger = (type, dy = 0) => touch.send("Input.dispatchTouchEvent", { type, touchPoints: type === "touchEnd" ? [] : [{ x: at.x + 20, y: at.y + 20 + dy }] });
  const lift = async () => {
    await finger("touchEnd");
    await small.evaluate(() => new Promise((ok) => setTimeout(() => requestAnimationFrame(ok), 400))); // a click may come late
  };
  const events = async () => (await api(bob, "GET", `/api/chats/${duo}/events?after=0`)).events;
  const before = (await events()).length;
  await finger("touchStart");
  await finger("touchMove", 3);
  await small.getByRole("menu").waitFor();
  await lift();
  await holds(small, "From the phone");
  assert.equal((await events()).length, before);
  await h.accessible(small, "send-menu");
  await escape(small, small.getByRole("menu"));
  await finger("touchStart");
  await finger("touchMove", -60); // slides off: neither sends nor opens the menu
  await small.evaluate(() => new Promise((ok) => setTimeout(ok, 700)));
  await lift();
  assert.equal(await small.getByRole("menu").count(), 0);
  await holds(small, "From the phone");
  await finger("touchStart");
  await small.getByRole("menu").waitFor();
  await lift();
  await small.getByRole("menuitem", { name: "Send without notifying" }).tap();
  await sent(small, "From the phone");
  assert.equal((await events()).at(-1).silent, true);
  await field(small).fill("A tap sends");
  await send.tap();
  await sent(small, "A tap sends");
  assert.ok(!(await events()).at(-1).silent);
  await small.context().close();
});

h.noFaults();
