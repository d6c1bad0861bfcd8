// Notifications: asked for by a button, shown by the service worker, summed up after a sleep, closed when read.
import assert from "node:assert/strict";
import { api, heading, notices, phone, press, say, sent, shownNotices, test, testEnvironment, texts, wide, wideScreen } from "./kit.mjs";

let ann, annsPhone, bob, cat, me, direct;
const told = { ...wideScreen, permissions: ["notifications"] };
const h = testEnvironment(async (h) => {
  ann = await h.signedIn("Ann", told);
  bob = await h.signedIn("Bob", phone);
  cat = await h.signedIn("Cat");
  await h.chat("Garden", ann, bob, cat);
  me = (await api(ann, "GET", "/api/me")).user.id;
  annsPhone = await h.newBrowser(phone);
  await annsPhone.goto(h.at("/"));
  await api(annsPhone, "POST", "/api/sessions", { handle: "ann", password: "correct horse", cookie: true });
  await annsPhone.goto(h.at("/"));
  await annsPhone.getByRole("link", { name: /Garden/ }).waitFor();
});

/** Makes the page attended or not, because an automated browser reports all windows as focused. */
const look = (page, here) => page.evaluate((here) => {
  document.hasFocus = () => here;
  dispatchEvent(new Event(here ? "focus" : "blur"));
}, here);
const bodies = async () => (await shownNotices(ann)).map((one) => one.body).join();

test("permission is asked for with the first direct message, and the question covers nothing", async () => {
  const ask = (p) => p.getByRole("region", { name: /^Get notified/ });
  assert.equal(await ask(ann).count(), 0);
  direct = (await api(bob, "POST", "/api/chats", { clientId: "with-ann", kind: "direct", members: [me] })).chat.id;
  await bob.goto(h.at(`/c/${direct}`));
  await heading(bob, "Ann");
  await say(bob, "Only for you");
  await ask(ann).waitFor();
  assert.equal(await ask(bob).count(), 0, "one's own first message is no reason to ask");

  await annsPhone.goto(h.at(`/c/${direct}`));
  await ask(annsPhone).waitFor();
  await heading(annsPhone, "Bob");
  await h.accessible(annsPhone, "ask");
  assert.equal(await wide(annsPhone), false);
  await press(annsPhone, "All chats"); // nothing covers it
  await annsPhone.getByRole("link", { name: /Garden/ }).waitFor();
  const no = annsPhone.getByRole("button", { name: "Not now", exact: true });
  assert.ok((await no.boundingBox()).width >= 44 && (await no.boundingBox()).height >= 44);
  await no.click();
  await ask(annsPhone).waitFor({ state: "detached" });
  await annsPhone.reload();
  await annsPhone.getByRole("link", { name: /Garden/ }).waitFor();
  assert.equal(await ask(annsPhone).count(), 0, "it is asked once");

  await h.accessible(ann, "ask");
  await press(ann, "Turn on");
  await ask(ann).waitFor({ state: "detached" });
  await ann.evaluate(() => navigator.serviceWorker.ready.then(() => 0));
});

test("a notification shows a message that came while the page was in the background; a click opens it", async () => {
  await ann.getByRole("link", { name: /General/ }).click();
  await heading(ann, "General");
  await say(bob, "While you are here"); // the window is attended: no notification
  await ann.getByRole("link", { name: /Bob.*unread/ }).waitFor();
  await look(ann, false);
  await say(bob, "While you are away");
  assert.deepEqual(await notices(ann, 1), [{ title: "Bob", body: "2 new messages\nWhile you are away", tag: direct, path: `/c/${direct}/${await seqOf(bob, "While you are away")}` }]);
  await ann.waitForFunction(() => /^\(\d\) /.test(document.title)); // the count is throttled
  await ann.locator('link[rel="icon"][href="/icon-unread.svg"]').waitFor({ state: "attached" });

  const [worker] = ann.context().serviceWorkers();
  await worker.evaluate(async () => {
    const [notification] = await registration.getNotifications();
    dispatchEvent(new NotificationEvent("notificationclick", { notification }));
  });
  await heading(ann, "Bob");
  await ann.locator(".message.mark", { hasText: "While you are away" }).waitFor();
  await look(ann, true);
  assert.deepEqual(await notices(ann, 0), []); // read here
});

test("what is read on one device is read on all", async () => {
  await ann.getByRole("link", { name: /General/ }).click();
  await heading(ann, "General");
  await look(ann, false);
  await press(bob, "All chats");
  await bob.getByRole("link", { name: /Garden/ }).click();
  await heading(bob, "Garden");
  await say(bob, "To all");
  assert.equal((await notices(ann, 1))[0].body, "Bob: To all");
  await ann.waitForFunction(() => document.title.startsWith("(1)"));
  await annsPhone.waitForFunction(() => document.title.startsWith("(1)"));
  await annsPhone.getByRole("link", { name: /Garden.*1 unread/ }).click();
  await texts(annsPhone, "To all").waitFor();
  await press(annsPhone, "All chats");
  for (const p of [ann, annsPhone]) {
    await p.waitForFunction(() => !document.title.startsWith("("));
    await p.locator('link[rel="icon"][href="/icon.svg"]').waitFor({ state: "attached" });
  }
  assert.deepEqual(await notices(ann, 0), []);
  await ann.getByRole("link", { name: /Garden/ }).locator(".chat-row-count").first().waitFor({ state: "detached" });
});

test("a notification of somebody whose name is not loaded says “Someone”, then the name, and never an id", async () => {
  const garden = await ann.getByRole("link", { name: /^Garden/ }).getAttribute("data-chat");
  const dan = await h.signedIn("Dan");
  const id = (await api(dan, "GET", "/api/me")).user.id;
  let load;
  const held = new Promise((ok) => (load = ok));
  await ann.route(/\/api\/users\?ids=/, async (route) => {
    await held;
    await route.fallback();
  });
  await api(bob, "PUT", `/api/chats/${garden}/members/${id}`);
  await api(dan, "POST", `/api/chats/${garden}/messages`, { clientId: "unknown", text: "Who am I?" });
  const [{ title, body }] = await notices(ann, 1);
  assert.deepEqual({ title, body }, { title: "Garden", body: "Someone: Who am I?" });
  load();
  for (const until = Date.now() + 30_000; (await bodies()) !== "Dan: Who am I?";) assert.ok(Date.now() < until);
  await ann.unroute(/\/api\/users\?ids=/);
  await ann.getByRole("link", { name: /^Garden/ }).click();
  await look(ann, true);
  assert.deepEqual(await notices(ann, 0), []);
  await ann.getByRole("link", { name: /^General/ }).click();
  await heading(ann, "General");
  await look(ann, false);
});

test("a notification follows an edit of its message, and goes with a deleted one", async () => {
  const garden = await ann.getByRole("link", { name: /^Garden/ }).getAttribute("data-chat");
  await api(bob, "POST", `/api/chats/${garden}/messages`, { clientId: "earlier", text: "Stays unread" }); // the chat does not close the notification
  await notices(ann, 1);
  const { message } = await api(bob, "POST", `/api/chats/${garden}/messages`, { clientId: "secret", text: "The old words" });
  await api(bob, "POST", `/api/chats/${direct}/messages`, { clientId: "other", text: "Another chat" });
  assert.deepEqual((await notices(ann, 2)).map((one) => one.body).sort(), ["2 new messages\nBob: The old words", "Another chat"]);
  await api(bob, "PATCH", `/api/chats/${garden}/messages/${message.seq}`, { text: "The new words" });
  for (const until = Date.now() + 30_000; !(await bodies()).includes("Bob: The new words");) assert.ok(Date.now() < until);
  assert.ok(!(await bodies()).includes("old words"));
  await api(bob, "DELETE", `/api/chats/${garden}/messages/${message.seq}`);
  assert.deepEqual((await notices(ann, 1)).map((one) => one.body), ["Another chat"]);
  await look(ann, true);
  await ann.getByRole("link", { name: /^Garden.*1 unread/ }).click();
  await ann.getByRole("link", { name: /^Garden.*unread/ }).waitFor({ state: "detached" });
  await ann.getByRole("link", { name: /^Bob.*unread/ }).click();
  await heading(ann, "Bob");
  assert.deepEqual(await notices(ann, 0), []);
});

test("messages in many chats right after each other are all shown", async () => {
  const chats = await Promise.all(Array.from({ length: 6 }, async (_, i) => (await api(bob, "POST", "/api/chats", { clientId: `many-${i}`, kind: "group", title: `Bed ${i}`, members: [me] })).chat.id));
  for (const id of chats) await ann.locator(`.chat-row[data-chat="${id}"]`).waitFor();
  await look(ann, false);
  await ann.evaluate(async () => (await navigator.serviceWorker.ready).showNotification("Without data, of no chat", { tag: "read" })); // the page closes it
  for (const id of chats) {
    await api(bob, "POST", `/api/chats/${id}/messages`, { clientId: id, text: "Water me" });
    await ann.locator(`.chat-row[data-chat="${id}"][data-unread]`).waitFor(); // otherwise one notification sums them up
  }
  assert.deepEqual((await notices(ann, 6)).map((one) => one.tag).sort(), [...chats].sort());
  await look(ann, true);
  await Promise.all(chats.map((id) => api(bob, "DELETE", `/api/chats/${id}`)));
  assert.deepEqual(await notices(ann, 0), []);
});

test("after a sleep one notification sums up what was missed", async () => {
  let asleep = false;
  const sockets = [];
  await ann.routeWebSocket(/\/api\/socket/, (ws) => {
    if (asleep) return ws.close({ code: 4001, reason: "asleep" });
    const server = ws.connectToServer();
    ws.onMessage((m) => server.send(m));
    server.onMessage((m) => asleep || ws.send(m));
    sockets.push(ws);
  });
  await ann.reload();
  await ann.getByRole("link", { name: /Garden/ }).waitFor();
  await look(ann, false);
  asleep = true;
  for (const ws of sockets) await ws.close({ code: 4001, reason: "asleep" });
  for (const text of ["One", "Two", "Three"]) await say(bob, text);
  await sent(bob, "Three");
  const withCat = (await api(cat, "POST", "/api/chats", { clientId: "with-ann", kind: "direct", members: [me] })).chat.id;
  await api(cat, "POST", `/api/chats/${withCat}/messages`, { clientId: "four", text: "Four" });
  asleep = false;
  await ann.evaluate(() => dispatchEvent(new Event("online")));
  const [notice, ...more] = await notices(ann, 1);
  assert.deepEqual(more, []);
  assert.deepEqual({ title: notice.title, path: notice.path }, { title: "4 new messages in 2 chats", path: "/" });
  assert.deepEqual(notice.body.split(", ").sort(), ["Cat", "Garden"]);
});

test("notifications can be turned off, and signing out closes them", async () => {
  await look(ann, true);
  await ann.goto(h.at("/me"));
  await ann.getByText("Notifications are on", { exact: false }).waitFor();
  await press(ann, "Turn off");
  await ann.getByText("Notifications are off", { exact: false }).waitFor();
  assert.deepEqual(await notices(ann, 0), []);
  await look(ann, false);
  await say(bob, "Unheard");
  await ann.getByRole("link", { name: /Garden.*4 unread/ }).waitFor();
  assert.deepEqual(await notices(ann, 0), []);
  await look(ann, true);
  await press(ann, "Turn on");
  await press(ann, "Turn off");
  await press(ann, "Turn on");
  await look(ann, false);
  await say(bob, "Heard");
  await notices(ann, 1);
  await press(ann, "Sign out");
  await heading(ann, "Sign in to Our house");
  assert.deepEqual(await notices(ann, 0), []);
  await ann.waitForFunction(() => !document.title.startsWith("(")); // throttled
});

const seqOf = (page, text) => page.locator(".message[data-seq]", { has: page.getByText(text, { exact: true }) }).getAttribute("data-seq");

h.noFaults();
