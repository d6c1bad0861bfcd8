// The layout of single views, at the widths of a desktop and of a phone: nothing is cut, and alike things look alike.
import assert from "node:assert/strict";
import { api, choose, field, heading, phone, press, roomOf, row, test, testEnvironment, wideScreen } from "./kit.mjs";

const longName = "Annabelle Castellanos";
let ann, bob, cara, room;
const h = testEnvironment(async (h) => {
  ann = await h.signedIn(longName, wideScreen);
  bob = await h.signedIn("Bob");
  cara = await h.signedIn("Cara", { ...phone, locale: "en-US" });
  room = await h.chat("Garden", ann, bob, cara);
}, [], { ignoreDefaultArgs: ["--hide-scrollbars"] });

const box = (locator) => locator.evaluate((e) => {
  const { left, right, top, bottom, width, height } = e.getBoundingClientRect();
  return { left, right, top, bottom, width, height };
});
const style = (locator, name) => locator.evaluate((e, name) => getComputedStyle(e)[name], name);
/** Returns the value of a colour token as the browser writes it. */
const colour = (page, token) => page.evaluate((token) => {
  const probe = document.body.appendChild(document.createElement("i"));
  probe.style.color = `var(--${token})`;
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
}, token);
let posted = 0;
const write = async (page, text, replyTo) => (await api(page, "POST", `/api/chats/${room}/messages`, { clientId: `v${posted++}`, text, replyTo })).message.seq;

test("only the view scrolls, not the page below it", async () => {
  for (const path of ["/me", "/server", "/search", "/mentions", `/c/${room}`]) {
    await ann.goto(h.at(path));
    await ann.locator(".layout-pane h1").first().waitFor();
    if (path === "/me") await ann.getByRole("heading", { name: "Devices" }).waitFor();
    assert.deepEqual(await ann.evaluate(() => [document.documentElement, document.querySelector(".layout")].map((e) => e.scrollHeight - e.clientHeight)), [0, 0], path);
  }
});

test("on a phone the messages of a conversation do not scroll sideways", async () => {
  const seq = await write(bob, "Is anyone at the shed?");
  await write(ann, "I am", seq);
  await cara.getByRole("button", { name: "1 reply" }).tap();
  const panel = cara.locator(".thread-panel .message-scroller");
  await panel.getByText("I am", { exact: true }).waitFor();
  assert.equal(await panel.evaluate((e) => e.scrollWidth - e.clientWidth), 0);
  await cara.goto(h.at(`/c/${room}`));
});

test("on a phone the list of members has room for whole names", async () => {
  await press(cara, "3 members");
  const members = cara.getByRole("dialog").locator(".member");
  await members.nth(2).waitFor();
  const name = members.getByText(longName, { exact: true });
  assert.ok((await roomOf(name)) > 12, "too little room"); // enough in all but wide fonts
  const [list, title] = [await box(members.first().locator(".avatar")), await box(cara.getByRole("heading", { name: "3 members" }))];
  assert.equal(list.left, title.left);
  await cara.keyboard.press("Escape");
  await cara.getByRole("dialog").waitFor({ state: "detached" });
});

test("on a phone the buttons of a new chat are in view, and the composer leaves room for the text", async () => {
  await cara.locator(".composer textarea").and(cara.getByPlaceholder("Message Garden")).waitFor();
  assert.ok((await box(field(cara))).width >= 170, `${(await box(field(cara))).width} px`);
  await cara.goto(h.at("/"));
  await press(cara, "New chat");
  await cara.getByRole("button", { name: "Start chat" }).waitFor();
  const at = await box(cara.getByRole("button", { name: "Start chat" }));
  assert.ok(at.bottom <= phone.viewport.height - 16, JSON.stringify(at));
  await h.accessible(cara, "new-chat");
  await cara.keyboard.press("Escape");
  await cara.getByRole("dialog").waitFor({ state: "detached" });
});

test("a quote below a list stands apart from it", async () => {
  await write(bob, "- hoe\n- rake\n\n> from the catalogue");
  const quote = ann.locator(".message-body blockquote").last();
  await quote.waitFor();
  assert.equal(Math.round((await box(quote)).top - (await box(ann.locator(".message-body ul").last())).bottom), 8);
});

test("what deletes has the colour of danger: in the menu as a text, in its dialog as a button", async () => {
  const danger = await colour(ann, "danger");
  await row(ann, "I am").hover();
  await row(ann, "I am").getByRole("button", { name: /^More actions/ }).click();
  const items = ann.getByRole("menuitem");
  assert.equal(await style(ann.getByRole("menuitem", { name: "Delete", exact: true }), "color"), danger);
  const names = await items.allInnerTexts();
  assert.equal(names.indexOf("Copy link") - names.indexOf("Copy text"), 1, names.join());
  await ann.keyboard.press("Escape");
  await ann.getByRole("menu").waitFor({ state: "detached" });
  await choose(ann, "I am", "Delete");
  assert.equal(await style(ann.getByRole("alertdialog").getByRole("button", { name: "Delete" }), "backgroundColor"), danger);
  await h.accessible(ann, "delete-message");
  await press(ann, "Cancel");
});

test("system lines and the start of a direct chat speak as one does", async () => {
  await cara.goto(h.at(`/c/${room}`));
  await cara.locator(".message-line", { hasText: `${longName} created this chat.` }).waitFor();
  await cara.locator(".message-line", { hasText: /added you and Bob\./ }).waitFor();
  const seq = await write(bob, "Pin this");
  await api(bob, "PUT", `/api/chats/${room}/messages/${seq}/pin`);
  const line = cara.locator(".message-line", { hasText: "Bob pinned a message." });
  await line.waitFor();
  assert.ok((await box(line)).height < 48, `${(await box(line)).height} px`); // two lines at most, however large the target of the button
  assert.equal((await line.locator("time").evaluate((e) => e.getClientRects().length)), 1, "the time is on two lines");
  await h.accessible(cara, "lines");
  const me = await api(bob, "GET", "/api/me");
  const { chat } = await api(ann, "POST", "/api/chats", { clientId: "direct", kind: "direct", members: [me.user.id] });
  await ann.goto(h.at(`/c/${chat.id}`));
  await heading(ann, "Bob");
  await api(bob, "POST", `/api/chats/${chat.id}/messages`, { clientId: "hello", text: "Hello, **soup** at noon" });
  await ann.getByText("Start of your messages with Bob").waitFor();
});

test("a found message has no Markdown, and says with whom it was", async () => {
  await ann.goto(h.at("/search?q=soup"));
  await ann.locator(".search-hit").waitFor();
  assert.equal(await ann.locator(".search-snippet").innerText(), "Hello, soup at noon");
  assert.equal(await ann.locator(".search-snippet mark").innerText(), "soup");
  await ann.locator(".search-hit-head", { hasText: "with Bob" }).waitFor();
});

test("titles and headings are in line with what is below them", async () => {
  await write(bob, `For @${longName.toLowerCase().replace(/\W+/g, "")}: soup`);
  const left = (selector) => ann.locator(selector).first().evaluate((e) => e.getBoundingClientRect().left + parseFloat(getComputedStyle(e).paddingLeft));
  for (const [path, first, ...others] of [
    ["/search?q=soup", ".search-hit > .avatar", ".search-status > p"],
    ["/mentions", ".mentions-header h1", ".search-results h2"],
    [`/c/${room}`, ".message.first > div > p", ".message-line"],
  ]) {
    await ann.goto(h.at(path));
    const want = await left(first);
    for (const other of others) assert.ok(Math.abs((await left(other)) - want) < 1, `${other}: ${await left(other)}, not ${want}`);
  }
});

test("the fields and choices of the settings are in line, their labels alike", async () => {
  await ann.goto(h.at("/me"));
  const quiet = ann.getByRole("checkbox", { name: /Quiet hours/ });
  await quiet.check();
  await ann.getByLabel("Time zone").waitFor();
  const lefts = await ann.locator(".settings-page input:is([type=radio], [type=checkbox])").evaluateAll((all) => [...new Set(all.filter((e) => e.name !== "theme" || e === document.querySelector("[name=theme]")).map((e) => e.getBoundingClientRect().left))]);
  assert.equal(lefts.length, 1, lefts.join());
  const label = ann.locator(".choice", { hasText: "Quiet hours" });
  const [mark, hint] = [await box(quiet), await box(label.locator(".hint"))];
  assert.ok(mark.bottom <= hint.top, "the checkbox stands beside the second line");
  for (const name of ["Your name", "Time zone"]) assert.equal(await ann.locator(".field", { hasText: name }).first().locator("label, span").first().evaluate((e) => getComputedStyle(e).fontWeight), "600", name);
  await ann.getByLabel("Your name").focus();
  assert.equal(await style(ann.getByLabel("Your name"), "outlineOffset"), "-1px");
  await h.accessible(ann, "settings-quiet");
  await quiet.uncheck();
});

test("a muted chat has its avatar in full colour", async () => {
  await api(ann, "PATCH", `/api/chats/${room}/mine`, { mutedUntil: -1 });
  await ann.locator(".chat-row[data-muted] > .avatar").waitFor();
  assert.equal(await style(ann.locator(".chat-row[data-muted] > .avatar"), "opacity"), "1");
  await h.accessible(ann, "muted");
});

test("a menu follows what changes while it is open", async () => {
  const chat = await h.chat("Shed", bob, ann);
  const { message } = await api(ann, "POST", `/api/chats/${chat}/messages`, { clientId: "shed", text: "Door is open" });
  await bob.getByText("Door is open", { exact: true }).waitFor();
  while ((await api(bob, "GET", `/api/chats/${chat}`)).chat.unread > 0);
  await press(bob, "Chat menu");
  await bob.getByRole("menuitem", { name: "Mark as unread" }).waitFor();
  await api(bob, "PATCH", `/api/chats/${chat}/mine`, { unreadFrom: message.seq, hidden: true }); // on another device
  await bob.getByRole("menuitem", { name: "Mark as read" }).waitFor();
  await bob.getByRole("menuitem", { name: "Show in list" }).waitFor();
  await bob.keyboard.press("Escape");
});

test("the sign-in shows whose page it is", async () => {
  const page = await h.newBrowser(phone);
  await page.goto(h.at("/"));
  await heading(page, "Sign in to Our house");
  await page.waitForFunction(() => document.querySelector(".auth-logo")?.naturalWidth > 0);
  await h.accessible(page, "sign-in-logo");
});

h.noFaults();
