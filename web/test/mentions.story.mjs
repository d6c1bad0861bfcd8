// The mentions inbox: what named the user or replied to them.
import assert from "node:assert/strict";
import { api, heading, phone, press, test, testEnvironment, wide } from "./kit.mjs";

let ann, bob, garden, kitchen, own;
const put = (page, chatId, text, replyTo) => api(page, "POST", `/api/chats/${chatId}/messages`, { clientId: crypto.randomUUID(), text, replyTo });
const h = testEnvironment(async (h) => {
  ann = await h.signedIn("Ann");
  bob = await h.signedIn("Bob");
  garden = await h.chat("Garden", ann, bob);
  kitchen = await h.chat("Kitchen", ann, bob);
});
const items = (page) => page.locator(".search-hit");

test("without any, the page says what will be there", async () => {
  await ann.getByRole("link", { name: "Mentions" }).click();
  await ann.getByText("Nothing here yet").waitFor();
  await h.accessible(ann, "mentions-none");
});

test("what names the user or replies to them comes while the page is open, newest first", async () => {
  own = (await put(ann, garden, "Who waters on Monday?")).message.seq;
  await put(bob, garden, "Nobody is named here");
  await put(bob, garden, "Ask @ann about the tomatoes");
  await items(ann).filter({ hasText: "Ask @ann about the tomatoes" }).waitFor();
  await put(bob, garden, "I do", own);
  await items(ann).filter({ hasText: "I do" }).waitFor();
  assert.deepEqual(await items(ann).locator(".search-snippet").allInnerTexts(), ["I do", "Ask @ann about the tomatoes"]);
  assert.deepEqual(await items(ann).locator(".mention-why").allInnerTexts(), ["Replied to you", "Mentioned you"]);
  await ann.getByRole("link", { name: /^Mentions 1 unread mention/ }).waitFor();
  await h.accessible(ann, "mentions");
});

test("what is deleted or edited, and what is of a chat that one leaves, goes at once, also after Back", async () => {
  const shed = await h.chat("Shed", bob, ann);
  await ann.goto(h.at("/mentions"));
  const seqs = [];
  for (const text of ["First nail for @ann", "Second nail for @ann", "Third nail for @ann"]) seqs.push((await put(bob, shed, text)).message.seq);
  await put(bob, kitchen, "Soup for @ann");
  const there = (text) => items(ann).filter({ hasText: text });
  await there("Third nail").waitFor();
  await there("Soup").waitFor();
  await api(bob, "DELETE", `/api/chats/${shed}/messages/${seqs[0]}`);
  await there("First nail").waitFor({ state: "detached" });
  await api(bob, "PATCH", `/api/chats/${shed}/messages/${seqs[1]}`, { text: "Second nail for nobody" });
  await there("Second nail").waitFor({ state: "detached" });
  await api(bob, "PATCH", `/api/chats/${shed}/messages/${seqs[2]}`, { text: "A screw for @ann" });
  await there("A screw").waitFor();
  await there("Soup").click();
  await heading(ann, "Kitchen");
  await api(ann, "DELETE", `/api/chats/${shed}/members/me`);
  await ann.locator(".chat-row", { hasText: "Shed" }).waitFor({ state: "detached" });
  await ann.goBack();
  await there("Soup").waitFor();
  assert.equal(await there("A screw").count(), 0);
  const last = await api(ann, "GET", "/api/mentions");
  await api(bob, "DELETE", `/api/chats/${kitchen}/messages/${last.messages[0].seq}`);
  await there("Soup").waitFor({ state: "detached" });
});

test("each opens at its place, and Back returns to where one was, with the pages that were loaded", async () => {
  for (let i = 1; i <= 70; i++) await put(bob, kitchen, `Plate ${i} for @ann`);
  await ann.reload();
  await items(ann).filter({ hasText: "Plate 70 for" }).waitFor();
  await press(ann, "Show more");
  await items(ann).filter({ hasText: "Plate 12 for" }).waitFor();
  const it = items(ann).filter({ hasText: "Plate 15 for" });
  await it.scrollIntoViewIfNeeded();
  const top = await ann.locator(".search-page").evaluate((e) => e.scrollTop);
  assert.ok(top > 500, `${top}`);
  await it.click();
  await heading(ann, "Kitchen");
  await ann.locator(".message.mark", { hasText: "Plate 15 for" }).waitFor();
  await ann.goBack();
  await it.and(ann.locator(":focus")).waitFor();
  assert.ok(Math.abs((await ann.locator(".search-page").evaluate((e) => e.scrollTop)) - top) < 60);
  await press(ann, "Show more");
  await items(ann).filter({ hasText: "Ask @ann about the tomatoes" }).waitFor();
  assert.equal(await ann.getByRole("button", { name: "Show more" }).count(), 0);
  assert.equal(await items(ann).count(), 72);
});

test("a failure is shown, with another try", async () => {
  await ann.route(/\/api\/mentions/, (route) => route.fulfill({ status: 503, contentType: "application/json", body: JSON.stringify({ error: { code: "unavailable", message: "the store cannot be reached" } }) }));
  await ann.reload();
  await ann.getByRole("alert").filter({ hasText: "Couldn't load your mentions." }).waitFor();
  await h.accessible(ann, "mentions-failed");
  await ann.unroute(/\/api\/mentions/);
  h.faults = h.faults.filter((f) => !/api\/mentions/.test(f)); // which this story made
  await press(ann, "Try again");
  await items(ann).first().waitFor();
});

test("on a phone", async () => {
  const small = await h.watch(await (await h.browser.newContext({ ...phone, locale: "en-GB", storageState: await ann.context().storageState() })).newPage());
  await small.goto(h.at("/"));
  await small.getByRole("link", { name: /^Mentions/ }).waitFor();
  await h.shot(small, "mentions-sidebar-phone");
  await small.getByRole("link", { name: /^Mentions/ }).tap();
  await items(small).first().waitFor();
  assert.equal(await wide(small), false);
  await h.accessible(small, "mentions");
  await small.getByRole("button", { name: "All chats" }).tap();
  await small.getByRole("link", { name: /^Garden/ }).waitFor();
  await small.context().close();
});

h.noFaults();
