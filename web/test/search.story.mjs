// Search: results while typing, filters, groups, Back, search within a chat, recent searches.
import assert from "node:assert/strict";
import { api, heading, kept, phone, press, say, sent, test, testEnvironment, texts, wide, wideScreen } from "./kit.mjs";

let ann, bob, garden, kitchen;
const h = testEnvironment(async (h) => {
  ann = await h.signedIn("Ann");
  bob = await h.signedIn("Bob");
  garden = await h.chat("Garden", ann, bob);
  kitchen = await h.chat("Kitchen work", ann, bob);
  const put = (page, chatId, text) => api(page, "POST", `/api/chats/${chatId}/messages`, { clientId: crypto.randomUUID(), text });
  await put(ann, garden, "The tomatoes need water");
  await put(bob, garden, "明日は東京都で会議です");
  await put(bob, kitchen, "Tomato soup tonight, see https://example.org/soup");
  for (let i = 1; i <= 40; i++) await put(ann, kitchen, `Plate ${i} of forty: **clean** and dry`);
  await put(bob, garden, "Straße, İstanbul and 🎉 tomatoes");
});

const input = (page) => page.getByRole("combobox", { name: "Search messages" });
const hits = (page) => page.locator(".search-hit");
const snippets = (page) => page.locator(".search-snippet").allInnerTexts();
const status = (page, text) => page.getByRole("status").filter({ hasText: text }).waitFor();

test("the search opens from the sidebar, and with / and Ctrl+Shift+F", async () => {
  await ann.getByRole("link", { name: "Search" }).click();
  await input(ann).and(ann.locator(":focus")).waitFor();
  await ann.getByText("Find messages, files, chats and people.").waitFor();
  await h.accessible(ann, "search-start");
  await ann.goto(h.at(`/c/${garden}`));
  await heading(ann, "Garden");
  await ann.getByRole("heading", { name: "Garden" }).click(); // no field has the focus
  await ann.locator("body").press("/");
  await input(ann).and(ann.locator(":focus")).waitFor();
  assert.equal(await input(ann).inputValue(), "");
  await ann.goto(h.at(`/c/${garden}`));
  await ann.getByPlaceholder(/^Message /).fill("a / in a message opens nothing: ");
  await ann.getByPlaceholder(/^Message /).press("/");
  await heading(ann, "Garden");
  await ann.getByPlaceholder(/^Message /).fill("");
  await ann.keyboard.press("Control+Shift+F");
  await input(ann).and(ann.locator(":focus")).waitFor();
});

test("results come while typing, newest first, with what was found marked", async () => {
  await input(ann).pressSequentially("tomat");
  await status(ann, "3 messages");
  assert.deepEqual(await snippets(ann), ["Straße, İstanbul and 🎉 tomatoes", "Tomato soup tonight, see https://example.org/soup", "The tomatoes need water"]);
  assert.deepEqual(await ann.locator("mark").allInnerTexts(), ["tomatoes", "Tomato", "tomatoes"]);
  await ann.getByRole("link", { name: /Bob.*in Garden.*Straße/ }).waitFor();
  await ann.waitForURL(/\/search\?q=tomat$/);
  await h.accessible(ann, "search-results");
  await input(ann).fill("ıstanbul STRASSE");
  await status(ann, "1 message");
  await input(ann).fill("東京");
  await ann.getByText("明日は東京都で会議です").waitFor();
  assert.deepEqual(await ann.locator("mark").allInnerTexts(), ["東京"]);
  await input(ann).fill("nothing of the kind");
  await status(ann, "No messages found");
  await h.accessible(ann, "search-none");
});

test("an answer to an earlier query is dropped", async () => {
  let free;
  await ann.route(/\/api\/search\?q=plate/, async (route) => {
    await new Promise((ok) => (free = ok));
    await route.continue().catch(() => {}); // the page gave it up
  });
  await input(ann).fill("plate");
  while (!free) await ann.waitForTimeout(20);
  await input(ann).fill("soup");
  await status(ann, "1 message");
  free();
  await ann.unroute(/\/api\/search\?q=plate/);
  await ann.waitForTimeout(300);
  assert.deepEqual(await snippets(ann), ["Tomato soup tonight, see https://example.org/soup"]);
});

test("filters are chips, with suggestions", async () => {
  await input(ann).fill("tomat from:");
  await ann.getByRole("option", { name: /Bob/ }).waitFor();
  await ann.getByRole("option", { name: "me", exact: true }).waitFor();
  const current = ann.locator(".search-filters [aria-current]");
  assert.deepEqual(await current.allInnerTexts(), ["From…"]); // what is being typed
  const colour = (locator) => locator.evaluate((e) => getComputedStyle(e).backgroundColor);
  assert.notEqual(await colour(current), await colour(ann.getByRole("button", { name: "In…", exact: true })));
  await h.accessible(ann, "search-suggestions");
  await input(ann).press("b");
  await ann.getByRole("option", { name: /Bob/, selected: true }).waitFor();
  await input(ann).press("Enter");
  await ann.getByRole("button", { name: "Remove filter: From Bob" }).waitFor();
  await status(ann, "2 messages");
  assert.equal(await current.count(), 0);
  await press(ann, "In…");
  await ann.getByRole("option", { name: "Garden" }).click();
  await status(ann, "1 message");
  assert.deepEqual(await snippets(ann), ["Straße, İstanbul and 🎉 tomatoes"]);
  await h.accessible(ann, "search-chips");
  await input(ann).press("Home");
  await input(ann).press("Backspace");
  await status(ann, "2 messages");
  await press(ann, "Remove filter: From Bob");
  await status(ann, "3 messages");
  await input(ann).pressSequentially(" has:link ");
  await ann.getByRole("button", { name: "Remove filter: Has a link" }).waitFor();
  await status(ann, "1 message");
  await press(ann, "Clear search");
  await ann.getByText("Find messages, files").waitFor();
  await input(ann).pressSequentially("tomat from:nobody_here ");
  await ann.getByRole("alert").filter({ hasText: "no one has the handle @nobody_here" }).waitFor();
  await h.accessible(ann, "search-error");
  await ann.keyboard.press("Escape");
  await ann.getByRole("alert").waitFor({ state: "detached" });
});

test("a hit opens at its place, and Back returns to the results where they were", async () => {
  await input(ann).fill("plate");
  await status(ann, "More than 25 messages");
  await ann.getByRole("button", { name: "Show more" }).click();
  await status(ann, "40 messages");
  const last = hits(ann).filter({ hasText: "Plate 3 of forty" });
  await last.scrollIntoViewIfNeeded();
  const top = await ann.locator(".search-page").evaluate((e) => e.scrollTop);
  assert.ok(top > 500, `${top}`);
  await last.click();
  await heading(ann, "Kitchen work");
  await ann.locator(".message.mark", { hasText: "Plate 3 of forty" }).waitFor();
  await ann.goBack();
  await last.and(ann.locator(":focus")).waitFor();
  assert.equal(await hits(ann).count(), 40);
  assert.ok(Math.abs((await ann.locator(".search-page").evaluate((e) => e.scrollTop)) - top) < 60);
  await ann.keyboard.press("ArrowUp"); // newer
  await hits(ann).filter({ hasText: "Plate 4 of forty" }).and(ann.locator(":focus")).waitFor();
  await ann.keyboard.press("Enter");
  await ann.locator(".message.mark", { hasText: "Plate 4 of forty" }).waitFor();
});

test("a hit that is deleted, or of a chat that one leaves, goes while the results are shown, also after Back; an edited one changes", async () => {
  const shed = await h.chat("Shed", bob, ann);
  const put = async (text) => (await api(bob, "POST", `/api/chats/${shed}/messages`, { clientId: crypto.randomUUID(), text })).message.seq;
  const screws = [await put("A crooked screw"), await put("A straight screw"), await put("A lost screw"), await put("A last screw")];
  await ann.goto(h.at("/search?q=screw"));
  await status(ann, "4 messages");
  await api(bob, "DELETE", `/api/chats/${shed}/messages/${screws[0]}`);
  await status(ann, "3 messages");
  await api(bob, "PATCH", `/api/chats/${shed}/messages/${screws[1]}`, { text: "A nail" });
  await ann.waitForFunction(() => [...document.querySelectorAll(".search-snippet")].map((e) => e.innerText).join() === "A last screw,A lost screw,A nail");
  await hits(ann).filter({ hasText: "A lost screw" }).click();
  await heading(ann, "Shed");
  await api(bob, "DELETE", `/api/chats/${shed}/messages/${screws[2]}`);
  await ann.getByText("This message was deleted.").nth(1).waitFor();
  await ann.goBack();
  await status(ann, "2 messages");
  await api(ann, "DELETE", `/api/chats/${shed}/members/me`);
  await hits(ann).first().waitFor({ state: "detached" });
});

test("results are grouped by chat, and chats and people are found by name", async () => {
  await ann.keyboard.press("Control+Shift+F");
  await input(ann).fill("tomat");
  await status(ann, "3 messages");
  await press(ann, "By chat");
  await ann.getByRole("heading", { name: "Kitchen work" }).waitFor();
  assert.equal(await ann.getByRole("list", { name: "Garden" }).locator(".search-hit").count(), 2);
  await h.accessible(ann, "search-by-chat");
  await input(ann).fill("plate");
  await status(ann, "More than 25 messages");
  await hits(ann).nth(20).evaluate((e) => e.scrollIntoView({ block: "center" }));
  for (const wide of [true, false]) { // on a phone the header is higher
    await ann.setViewportSize(wide ? wideScreen.viewport : phone.viewport);
    const chat = ann.getByRole("heading", { name: "Kitchen work" });
    await ann.waitForFunction(() => Math.abs(document.querySelector(".search-results h2").getBoundingClientRect().top - document.querySelector(".search-page > header").getBoundingClientRect().bottom) < 2);
    assert.ok(await chat.evaluate((e) => {
      const { left, top, height } = e.getBoundingClientRect();
      return document.elementFromPoint(left + 10, top + height / 2) === e;
    }), "the heading is covered");
    await h.shot(ann, `search-scrolled-${wide ? 1280 : 360}`);
  }
  await ann.setViewportSize(wideScreen.viewport);
  await input(ann).fill("kitchen");
  await ann.getByRole("list", { name: "Chats" }).getByRole("button", { name: "Kitchen work" }).waitFor();
  await input(ann).fill("bob");
  await ann.getByRole("list", { name: "People" }).getByRole("button", { name: /Bob/ }).click();
  await heading(ann, "Bob");
});

test("the magnifier of a chat searches in there, from two letters of a word", async () => {
  await ann.goto(h.at(`/c/${garden}`));
  await press(ann, "Search in this chat");
  await ann.getByRole("button", { name: "Remove filter: In Garden" }).waitFor();
  await input(ann).and(ann.locator(":focus")).waitFor();
  await input(ann).pressSequentially("to");
  await status(ann, "2 messages");
  await ann.goBack();
  await heading(ann, "Garden");
});

test("recent searches stay on the device until the user signs out", async () => {
  await ann.goto(h.at("/search"));
  const recent = ann.getByRole("list", { name: "Recent searches" });
  await recent.getByRole("button", { name: "plate" }).waitFor();
  await h.accessible(ann, "search-recent");
  await input(ann).fill("water");
  await input(ann).press("Enter");
  await status(ann, "1 message");
  await ann.reload();
  await status(ann, "1 message"); // the query is in the address
  await press(ann, "Clear search");
  await recent.getByRole("button", { name: "water" }).click();
  await status(ann, "1 message");
  await bob.goto(h.at("/search?q=soup"));
  await status(bob, "1 message");
  await hits(bob).click();
  await heading(bob, "Kitchen work");
  await bob.goto(h.at("/search"));
  await press(bob, "Clear recent searches");
  await bob.getByRole("list", { name: "Recent searches" }).waitFor({ state: "detached" });
  await bob.goto(h.at("/search?q=soup"));
  await hits(bob).click();
  await press(bob, "Menu");
  await bob.getByRole("menuitem", { name: "Sign out" }).click();
  await bob.getByLabel("Handle").waitFor();
  await kept(bob, "places", (r) => JSON.stringify(r), []);
});

test("a failure is told, and can be retried; an index that is being built says how far it is", async () => {
  await ann.route(/\/api\/search/, (route) => route.fulfill({ status: 503, contentType: "application/json", body: JSON.stringify({ error: { code: "unavailable", message: "the search index is changing; try again" } }) }));
  await ann.goto(h.at("/search?q=water"));
  await ann.getByRole("alert").filter({ hasText: "Couldn't search." }).waitFor();
  await ann.unroute(/\/api\/search/);
  await ann.route(/\/api\/search/, async (route) => {
    const answer = await route.fetch();
    await route.fulfill({ response: answer, json: { ...(await answer.json()), indexedFrom: Date.UTC(2025, 2, 14) } });
  });
  await press(ann, "Try again");
  await ann.getByText("Searched back to March 2025. Older messages are still being indexed.").waitFor();
  await ann.unroute(/\/api\/search/);
});

test("a phone shows the search alone", async () => {
  const page = await h.newBrowser({ ...phone, storageState: await ann.context().storageState() });
  await page.goto(h.at("/search"));
  await input(page).waitFor();
  assert.equal(await page.getByRole("navigation", { name: "Chats" }).count(), 0);
  await input(page).fill("tomat in:");
  await page.getByRole("option", { name: "Garden" }).tap();
  await status(page, "2 messages");
  assert.equal(await wide(page), false);
  await h.accessible(page, "search-phone");
  await hits(page).first().tap();
  await page.locator(".message.mark", { hasText: "tomatoes" }).waitFor();
  await page.goBack();
  await status(page, "2 messages");
  await press(page, "All chats");
  await page.getByRole("navigation", { name: "Chats" }).waitFor();
});

h.noFaults();
