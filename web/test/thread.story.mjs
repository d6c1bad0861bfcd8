// Threads: a message and all that reply to it, beside the log.
import assert from "node:assert/strict";
import { allRead, api, choose, field, heading, list, phone, press, row, say, sent, test, testEnvironment, wide } from "./kit.mjs";

let ann, bob, chat, root;
const put = async (page, text, replyTo) => (await api(page, "POST", `/api/chats/${chat}/messages`, { clientId: crypto.randomUUID(), text, replyTo })).message.seq;
const h = testEnvironment(async (h) => {
  ann = await h.signedIn("Ann");
  bob = await h.signedIn("Bob");
  chat = await h.chat("Garden", ann, bob);
  root = await put(ann, "Who has the ladder?");
  for (let i = 1; i <= 30; i++) await put(bob, `Between ${i}`);
});
const panel = (page) => page.getByRole("complementary", { name: "Thread" });
const inPanel = (page, text) => panel(page).locator(".message", { hasText: text });
const reply = async (page, text) => {
  await panel(page).getByPlaceholder("Reply…").fill(text);
  await panel(page).getByRole("button", { name: "Send", exact: true }).click();
};

test("a message that is replied to shows how many replies there are, and opens its thread", async () => {
  const first = await put(bob, "It is in the shed", root);
  await put(ann, "Which shed?", first);
  await put(bob, "Something else");
  await ann.goto(h.at(`/c/${chat}/${root}`));
  const link = row(ann, "Who has the ladder?").getByRole("button", { name: "2 replies" });
  await link.waitFor();
  await h.accessible(ann, "thread-link");
  await link.click();
  await inPanel(ann, "Which shed?").waitFor();
  assert.deepEqual(await panel(ann).locator(".message-body").allInnerTexts(), ["Who has the ladder?", "It is in the shed", "Which shed?"]);
  await panel(ann).getByPlaceholder("Reply…").and(ann.locator(":focus")).waitFor();
  await ann.waitForURL(new RegExp(`/c/${chat}/${root}\\?thread=${root}$`));
  await h.accessible(ann, "thread");
});

test("it is live, and what is written there replies to its last message", async () => {
  const seq = await put(bob, "The green one", root);
  await inPanel(ann, "The green one").waitFor();
  await api(bob, "PATCH", `/api/chats/${chat}/messages/${seq}`, { text: "The blue one" });
  await inPanel(ann, "The blue one").waitFor();
  await reply(ann, "Found it");
  await inPanel(ann, "Found it").and(ann.locator("[data-seq]")).waitFor();
  const { messages } = await api(bob, "GET", `/api/chats/${chat}/messages/${root}/thread`);
  assert.deepEqual([messages.at(-1).text, messages.at(-1).reply.text, messages.at(-1).root], ["Found it", "The blue one", root]);
  await inPanel(ann, "It is in the shed").hover();
  await inPanel(ann, "It is in the shed").getByRole("button", { name: "Reply", exact: true }).click();
  await reply(ann, "Thanks for the shed");
  await inPanel(ann, "Thanks for the shed").and(ann.locator("[data-seq]")).waitFor();
  const now = (await api(bob, "GET", `/api/chats/${chat}/messages/${root}/thread`)).messages;
  assert.equal(now.at(-1).reply.text, "It is in the shed");
  assert.equal(await field(ann).inputValue(), "");
});

test("Escape and Back close it, and a reload keeps it", async () => {
  await panel(ann).getByPlaceholder("Reply…").press("Escape");
  await panel(ann).waitFor({ state: "detached" });
  await ann.waitForURL(new RegExp(`/c/${chat}/${root}$`));
  await row(ann, "Who has the ladder?").getByRole("button", { name: "5 replies" }).click();
  await inPanel(ann, "Found it").waitFor();
  await ann.reload();
  await inPanel(ann, "Found it").waitFor();
  await ann.goBack();
  await panel(ann).waitFor({ state: "detached" });
  await heading(ann, "Garden");
});

test("the menu of a reply shows its thread, whose messages open in the log", async () => {
  await ann.goto(h.at(`/c/${chat}`));
  await sent(ann, "Found it");
  await choose(ann, "Found it", "Show thread");
  await inPanel(ann, "Which shed?").waitFor();
  await inPanel(ann, "Who has the ladder?").hover();
  await inPanel(ann, "Who has the ladder?").getByRole("button", { name: /^More actions/ }).click();
  await ann.getByRole("menuitem", { name: "Show in chat" }).click();
  await list(ann).locator(".message.mark", { hasText: "Who has the ladder?" }).waitFor();
  await inPanel(ann, "Which shed?").waitFor();
  await press(ann, "Close thread");
  await panel(ann).waitFor({ state: "detached" });
});

test("a draft of a reply stays with its thread", async () => {
  await ann.goto(h.at(`/c/${chat}?thread=${root}`));
  await inPanel(ann, "Which shed?").waitFor();
  await panel(ann).getByPlaceholder("Reply…").fill("Half a reply");
  await panel(ann).getByPlaceholder("Reply…").press("Escape");
  await say(ann, "Not of the thread");
  await sent(ann, "Not of the thread");
  await ann.goto(h.at(`/c/${chat}?thread=${root}`));
  await ann.waitForFunction(() => document.querySelector(".thread-panel [data-composer]")?.value === "Half a reply");
  await panel(ann).getByPlaceholder("Reply…").fill("");
});

test("a long thread comes in pages", async () => {
  for (let i = 1; i <= 120; i++) await put(bob, `Opinion ${i}`, root);
  await allRead(ann, chat); // otherwise the chat opens at the first unread message
  await ann.goto(h.at(`/c/${chat}?thread=${root}`));
  await inPanel(ann, "Who has the ladder?").waitFor();
  await panel(ann).getByRole("button", { name: "Show more replies" }).click();
  await panel(ann).getByText("Opinion 120", { exact: true }).waitFor();
  assert.equal(await panel(ann).locator(".message[data-seq]").count(), 126);
  assert.equal(await panel(ann).getByRole("button", { name: "Show more replies" }).count(), 0);
});

test("on a phone it covers the log, and nothing behind it counts as read", async () => {
  const small = await h.watch(await (await h.browser.newContext({ ...phone, locale: "en-GB", storageState: await ann.context().storageState() })).newPage());
  await small.goto(h.at(`/c/${chat}`));
  await sent(small, "Opinion 120");
  await ann.goto(h.at("/me")); // this device reads nothing
  await row(small, "Opinion 120").getByRole("button", { name: /^More actions/ }).tap();
  await small.getByRole("menuitem", { name: "Show thread" }).tap();
  await inPanel(small, "Who has the ladder?").waitFor();
  assert.equal(await wide(small), false);
  await h.accessible(small, "thread");
  await put(bob, "Behind the thread");
  await small.locator(".conversation .message", { hasText: "Behind the thread" }).waitFor({ state: "attached" });
  assert.equal((await api(small, "GET", `/api/chats/${chat}`)).chat.unread, 1);
  await press(small, "Back to chat");
  await panel(small).waitFor({ state: "detached" });
  while ((await api(small, "GET", `/api/chats/${chat}`)).chat.unread > 0);
  await small.context().close();
});

h.noFaults();
