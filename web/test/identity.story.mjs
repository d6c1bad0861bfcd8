// Several users in one browser, one after the other: no action runs as another user, and no author
// loses an unsent text.
import assert from "node:assert/strict";
import { api, choose, field, heading, holds, testEnvironment, kept, post, press, row, say, sent, test, texts } from "./kit.mjs";

let ann, bob, room;
const h = testEnvironment(async (h) => {
  ann = await h.signedIn("Ann");
  bob = await h.signedIn("Bob");
  room = await h.chat("Garden", ann, bob);
});

const logOf = async (page) => (await api(page, "GET", `/api/chats/${room}/messages?limit=200`)).messages.map((m) => `${m.text}`);
const drafts = (page, ...want) => kept(page, "drafts", (d) => d.text, want);
const signIn = (page, handle) => api(page, "POST", "/api/sessions", { handle, password: "correct horse", cookie: true });
const somebodyElse = (page) => heading(page, "You're signed in as someone else");
/** Signs in through the page, which notifies other tabs. */
const enter = async (page, handle) => {
  await page.getByLabel("Handle").fill(handle);
  await page.getByLabel("Password", { exact: true }).fill("correct horse");
  await press(page, "Sign in");
  await page.getByRole("button", { name: "New chat", exact: true }).waitFor();
};
const chooseSignOut = async (page) => {
  await press(page, "Menu");
  await page.getByRole("menuitem", { name: "Sign out" }).click();
};
/** Opens a browser in which Ann is signed in, and a tab of it; wire.cut blocks the tab's sockets. */
async function shared(handle = "ann") {
  const other = await h.newBrowser();
  await other.goto(h.at("/"));
  await signIn(other, handle);
  const tab = await h.watch(await other.context().newPage());
  const wire = { cut: false, all: [] };
  await tab.routeWebSocket(/\/api\/socket/, (ws) => {
    if (wire.cut) return ws.close({ code: 4001, reason: "away retryAfterMs=50" });
    wire.all.push(ws);
    ws.connectToServer();
  });
  wire.break = async () => {
    wire.cut = true;
    for (const ws of wire.all.splice(0)) await ws.close({ code: 4001, reason: "away retryAfterMs=50" });
  };
  await tab.goto(h.at(`/c/${room}`));
  await field(tab).waitFor();
  return { tab, other, wire };
}
const nothingOf = async (page, ...all) => {
  const body = await page.locator("body").innerText();
  for (const text of all) assert.ok(!body.includes(text), `the page shows ${text}`);
  assert.ok(!/Garden/.test(await page.title()), await page.title());
};

test("a queued text is not sent with another user's cookie and waits for its author", async () => {
  const { tab, other, wire } = await shared();
  await wire.break();
  await say(tab, "Ann's own words");
  await field(tab).fill("Ann's thought");
  await kept(tab, "outbox", (p) => p.text, ["Ann's own words"]);
  await drafts(tab, "Ann's thought");
  await api(other, "DELETE", "/api/sessions/current");
  await signIn(other, "bob"); // without notifying the other tab
  wire.cut = false;
  await somebodyElse(tab);
  await nothingOf(tab, "Ann's own words", "Ann's thought");
  await h.accessible(tab, "somebody-else");
  await press(tab, "Continue as Bob");
  await tab.getByRole("button", { name: "New chat", exact: true }).waitFor();
  await tab.goto(h.at(`/c/${room}`));
  await holds(tab, "");
  assert.ok(!(await logOf(bob)).includes("Ann's own words"));
  await nothingOf(await (async () => (await tab.goto(h.at("/me")), tab))(), "Ann's own words");
  await kept(tab, "outbox", (p) => p.text, ["Ann's own words"]);

  await api(other, "DELETE", "/api/sessions/current");
  await signIn(other, "ann");
  await heading(tab, "Sign in to Our house"); // Bob's session ended
  await tab.goto(h.at(`/c/${room}`));
  await sent(tab, "Ann's own words");
  await holds(tab, "Ann's thought");
  const { messages } = await api(bob, "GET", `/api/chats/${room}/messages`);
  const { user } = await api(ann, "GET", "/api/me");
  assert.deepEqual(messages.filter((m) => m.text === "Ann's own words").map((m) => m.by), [user.id]);
  await field(tab).fill("");
  await drafts(tab);
  await tab.context().close();
});

test("a call of a page whose cookie is another user's is refused", async () => {
  const { tab, other } = await shared();
  await tab.routeWebSocket(/\/api\/socket/, (ws) => void ws.connectToServer().onClose(() => {})); // the end of Ann's session never arrives
  await tab.goto(h.at("/me"));
  await tab.waitForLoadState("networkidle");
  await signIn(other, "bob");
  await tab.getByLabel("Your name").fill("Ann the First");
  await press(tab, "Save");
  await somebodyElse(tab);
  assert.equal((await api(bob, "GET", "/api/me")).user.name, "Bob");
  await press(tab, "Continue as Bob");
  await tab.getByRole("button", { name: "New chat", exact: true }).waitFor();
  await tab.context().close();
});

for (const how of ["BroadcastChannel", "storage events"]) {
  test(`tabs notify each other at once of sign-outs and sign-ins, by ${how}`, async () => {
    const other = await h.newBrowser();
    if (how !== "BroadcastChannel") await other.context().addInitScript(() => delete globalThis.BroadcastChannel);
    await other.goto(h.at("/"));
    await enter(other, "ann");
    const tab = await h.watch(await other.context().newPage());
    await tab.routeWebSocket(/\/api\/socket/, (ws) => void ws.connectToServer().onClose(() => {})); // the server's close never arrives
    await tab.goto(h.at(`/c/${room}`));
    await field(tab).fill("half a word of Ann's");
    await drafts(tab, "half a word of Ann's");
    await chooseSignOut(other); // it asks because another tab has unsent texts
    await other.getByRole("alertdialog").getByText(/^You have unsent drafts or edits/).waitFor();
    await h.accessible(other, `sign-out-drafts`);
    await press(other, "Cancel");
    await holds(tab, "half a word of Ann's");
    await chooseSignOut(other);
    await press(other, "Sign out anyway");
    await tab.getByText("You signed out in another tab.", { exact: true }).waitFor();
    await drafts(tab);
    await enter(other, "bob");
    await somebodyElse(tab);
    await nothingOf(tab, "half a word of Ann's");
    await chooseSignOut(other);
    await other.getByRole("button", { name: "Sign in", exact: true }).waitFor();
    await enter(other, "ann"); // Ann is back
    await tab.getByRole("heading", { name: "Garden", exact: true }).waitFor();
    await holds(tab, "");
    await tab.context().close();
  });
}

test("a page from the back/forward cache shows nothing before it knows its user", async () => {
  const { tab, other } = await shared();
  await tab.evaluate(() => dispatchEvent(new PageTransitionEvent("pagehide", { persisted: true })));
  assert.equal(await tab.locator("body").isVisible(), false);
  await signIn(other, "bob");
  await tab.evaluate(() => void setTimeout(() => dispatchEvent(new PageTransitionEvent("pageshow", { persisted: true }))));
  await tab.waitForEvent("load");
  await field(tab).waitFor();
  await tab.goto(h.at("/me"));
  assert.equal(await tab.getByLabel("Your name").inputValue(), "Bob");
  await tab.context().close();
});

test("notifications are closed when their user's session ends", async () => {
  const page = await h.newBrowser();
  await page.context().grantPermissions(["notifications"]);
  await page.goto(h.at("/"));
  const shown = () => page.evaluate(async () => (await (await navigator.serviceWorker.getRegistration())?.getNotifications())?.length);
  await page.evaluate(async () => {
    await navigator.serviceWorker.register("/sw.js");
    await (await navigator.serviceWorker.ready).showNotification("Ann's secret");
  });
  assert.equal(await shown(), 1);
  await page.reload();
  await page.getByRole("button", { name: "Sign in", exact: true }).waitFor();
  for (const until = Date.now() + 10_000; (await shown()) && Date.now() < until;);
  assert.equal(await shown(), 0);
  await page.context().close();
});

test("a session that ends elsewhere keeps unsent texts for their author alone, without texts of others", async () => {
  const { tab } = await shared();
  await post(bob, room, 1, "Bob's secret");
  await sent(tab, "Bob's secret 1");
  await row(tab, "Bob's secret 1").hover();
  await row(tab, "Bob's secret 1").getByRole("button", { name: "Reply", exact: true }).click();
  await tab.locator("[data-composer]:focus").waitFor();
  await tab.keyboard.type("my answer");
  await drafts(tab, "my answer");
  await tab.mouse.move(0, 0);
  await api(ann, "DELETE", "/api/sessions?except=current", { password: "correct horse" });
  await tab.getByText(/^You were signed out\. Anything you didn't send is saved in this browser/).waitFor();
  await nothingOf(tab, "my answer", "Bob's secret");
  await kept(tab, "drafts", (d) => `${d.text} ${d.reply.text}`, ["my answer …"]);
  await kept(tab, "places", () => "", []);
  await enter(tab, "bob");
  await tab.goto(h.at(`/c/${room}`));
  await holds(tab, "");
  await tab.getByRole("link", { name: /Draft/ }).waitFor({ state: "detached" });
  await chooseSignOut(tab); // Bob has no unsent texts, and is not asked about Ann's
  await enter(tab, "ann");
  await tab.goto(h.at(`/c/${room}`));
  await holds(tab, "my answer");
  await tab.keyboard.press("Enter");
  await tab.locator(".message[data-seq]", { hasText: "my answer" }).locator(".message-quote", { hasText: "Bob's secret 1" }).waitFor();
  await drafts(tab);
  await tab.context().close();
});

test("a draft that one tab sends is gone in the other, unless it was changed there", async () => {
  const { tab, other } = await shared();
  await field(tab).fill("said once");
  await drafts(tab, "said once");
  await other.goto(h.at(`/c/${room}`));
  await holds(other, "said once");
  await field(tab).press("Enter");
  await sent(other, "said once");
  await holds(other, "");
  await field(other).press("Enter"); // nothing to send
  await field(tab).fill("from the first"); // and the draft written there is shown here
  await holds(other, "from the first");
  await field(other).press("Enter");
  await holds(tab, "");
  await sent(tab, "from the first");
  await drafts(tab);
  await field(tab).fill("begun");
  await holds(other, "begun");
  await field(other).fill("begun, and more");
  await field(tab).press("Enter");
  await sent(other, "begun");
  await holds(other, "begun, and more");
  await field(other).fill("");
  assert.deepEqual((await logOf(bob)).filter((t) => /said once|from the first|begun/.test(t)), ["said once", "from the first", "begun"]);
  await tab.context().close();
});

test("an unfinished edit survives another chat, a reload, a busy chat and the end of the session", async () => {
  const { tab } = await shared();
  await say(tab, "Roses are read");
  await sent(tab, "Roses are read");
  const edit = tab.getByLabel("Edit message");
  await choose(tab, "Roses are read", "Edit");
  await edit.fill("Roses are red");
  await tab.getByRole("link", { name: /General/ }).click();
  await heading(tab, "General");
  await tab.getByRole("link", { name: /Garden/ }).click();
  await edit.waitFor();
  const still = (text) => tab.waitForFunction((text) => document.querySelector(".edit-form textarea")?.value === text, text);
  await still("Roses are red");
  await drafts(tab, "Roses are red");
  await tab.reload();
  await still("Roses are red");
  await tab.locator("[data-composer]:focus").waitFor(); // a resumed edit does not take the focus
  await edit.fill("Roses are red, violets");
  await field(tab).focus();
  await post(bob, room, 160, "Weed");
  await texts(tab, "Weed 160").waitFor();
  await tab.getByText("You have an unfinished edit.", { exact: true }).waitFor();
  await h.accessible(tab, "unfinished");
  await press(tab, "Continue editing");
  await still("Roses are red, violets");
  await api(ann, "DELETE", "/api/sessions?except=current", { password: "correct horse" });
  await tab.getByText(/^You were signed out/).waitFor();
  await enter(tab, "ann");
  await still("Roses are red, violets");
  await edit.press("Enter");
  await sent(tab, "Roses are red, violets");
  await drafts(tab);
  await tab.context().close();
});

test("without storage the page says so and asks before it is closed with unsent texts", async () => {
  const page = await h.newBrowser();
  await page.context().addInitScript(() => Object.defineProperty(globalThis, "indexedDB", { value: undefined }));
  await page.goto(h.at("/"));
  await enter(page, "ann");
  await page.goto(h.at(`/c/${room}`));
  await field(page).waitFor();
  h.down = true;
  await page.context().setOffline(true);
  await page.evaluate(() => dispatchEvent(new Event("offline")));
  await page.locator(".connection-banner").getByText(/^You're offline\. This browser can't save what you write\. Keep this page open until it's sent/).waitFor();
  await say(page, "Only here");
  await page.locator(".message[data-pending]", { hasText: "Only here" }).waitFor();
  let asked = 0;
  page.on("dialog", (d) => {
    asked++;
    assert.equal(d.type(), "beforeunload");
    return d.dismiss();
  });
  await page.close({ runBeforeUnload: true });
  await page.locator(".message[data-pending]", { hasText: "Only here" }).waitFor();
  for (const until = Date.now() + 10_000; !asked && Date.now() < until;) await page.evaluate(() => {});
  assert.equal(asked, 1);
  await page.context().setOffline(false);
  await page.evaluate(() => dispatchEvent(new Event("online")));
  await sent(page, "Only here");
  h.down = false;
  const gone = page.waitForEvent("close");
  await page.close({ runBeforeUnload: true }); // nothing is unsent, so there is no question
  await gone;
  assert.equal(asked, 1);
  await page.context().close();
});

test("a full disk is shown until there is room", async () => {
  const { tab, wire } = await shared();
  const devtools = await tab.context().newCDPSession(tab);
  const quota = (quotaSize) => devtools.send("Storage.overrideQuotaForOrigin", { origin: new URL(h.parley.url).origin, ...(quotaSize && { quotaSize }) });
  await wire.break();
  await quota(1);
  await field(tab).fill("no room for this");
  await tab.locator(".connection-banner").getByText(/storage is full\. Keep this page open/).waitFor();
  await h.shot(tab, "full-disk-1280");
  await say(tab, "nor for that");
  await quota();
  await field(tab).fill("room again");
  await tab.locator(".connection-banner").getByText(/Messages you write are saved and sent later/).waitFor({ timeout: 60_000 });
  await kept(tab, "outbox", (p) => p.text, ["nor for that"]);
  await drafts(tab, "room again");
  wire.cut = false;
  await sent(tab, "nor for that");
  await field(tab).fill("");
  await tab.context().close();
});

h.noFaults();
