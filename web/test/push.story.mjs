// Push notifications: the service worker gets pushes with and without a page, and the settings turn them on and off.
// The push service is a stand-in: the browser's PushManager is, and pushes come through the developer tools.
import assert from "node:assert/strict";
import { api, fill, heading, phone, press, test, testEnvironment, wide, wideScreen } from "./kit.mjs";

let ann, context, bob, garden, direct, worker, devtools, registrationId;
const told = { ...wideScreen, permissions: ["notifications"] };
const h = testEnvironment(async (h) => {
  ann = await h.signedIn("Ann", told);
  bob = await h.signedIn("Bob", phone);
  garden = await h.chat("Garden", ann, bob);
});

/** Gives the pages of a browser a PushManager whose subscription is in localStorage, as a browser keeps one for all pages. */
const withPushService = (context) => context.addInitScript(() => {
  const base64 = (bytes) => btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
  const kept = () => JSON.parse(localStorage.getItem("subscription"));
  const subscription = () => kept() && {
    endpoint: kept().endpoint,
    toJSON: () => ({ expirationTime: null, ...kept() }),
    unsubscribe: async () => (localStorage.removeItem("subscription"), true),
  };
  PushManager.prototype.getSubscription = async () => subscription();
  PushManager.prototype.subscribe = async ({ userVisibleOnly, applicationServerKey }) => {
    if (globalThis.noPushService) throw new DOMException("Registration failed - push service error", "AbortError");
    if (!userVisibleOnly || !/^[\w-]{87}$/.test(applicationServerKey)) throw new TypeError("bad options");
    const { publicKey } = await crypto.subtle.generateKey({ name: "ECDH", namedCurve: "P-256" }, true, ["deriveBits"]);
    const p256dh = base64(new Uint8Array(await crypto.subtle.exportKey("raw", publicKey)));
    localStorage.setItem("subscription", JSON.stringify({ endpoint: `https://push.example/${crypto.randomUUID()}`, keys: { p256dh, auth: base64(crypto.getRandomValues(new Uint8Array(16))) } }));
    return subscription();
  };
});
const inBrowser = (page) => page.evaluate(() => JSON.parse(localStorage.getItem("subscription"))?.endpoint);
const atServer = async (page) => (await api(page, "GET", "/api/push")).subscription?.endpoint;
/** Polls until the page's session has the browser's subscription at the server, and returns its endpoint. */
const subscribed = async (page) => {
  for (const until = Date.now() + 60_000; ; ) {
    const [here, there] = [await inBrowser(page), await atServer(page)];
    if (here && here === there) return here;
    assert.ok(Date.now() < until, `${here} is not ${there}`);
  }
};
const section = (page) => page.getByRole("region", { name: "Push notifications on this device" });

/** Delivers a push like the browser's push service. */
const push = (data) => devtools.send("ServiceWorker.deliverPushMessage", { origin: new URL(h.parley.url).origin, registrationId, data: typeof data === "string" ? data : JSON.stringify(data) });
const pushOf = (chatId, seq, title, body, data = {}) => ({ web_push: 8030, mutable: true, app_badge: 2, notification: { title, body, navigate: h.at(`/c/${chatId}/${seq}`), tag: chatId, data: { chatId, seq, count: 1, ...data } } });
/** Polls the worker until what() of its notifications is this, but not while it shows one: the browser drops one that is not on the screen yet. */
const shown = async (what, want) => {
  for (const until = Date.now() + 60_000; ; await new Promise((ok) => setTimeout(ok, 100))) {
    const all = await worker.evaluate(async () => !globalThis.showing && (await registration.getNotifications()).map(({ title, body, tag, data }) => ({ title, body, tag, path: data?.path })));
    if (all && JSON.stringify(all.map(what)) === JSON.stringify(want)) return;
    if (Date.now() > until) assert.deepEqual(all && all.map(what), want);
  }
};
const click = (tag) => worker.evaluate(async (tag) => {
  const [notification] = await registration.getNotifications({ tag });
  dispatchEvent(new NotificationEvent("notificationclick", { notification }));
}, tag);
const badge = () => worker.evaluate(() => globalThis.badge);

test("the first direct message offers notifications, and with them pushes", async () => {
  context = ann.context();
  await withPushService(context);
  const me = (await api(ann, "GET", "/api/me")).user.id;
  direct = (await api(bob, "POST", "/api/chats", { clientId: "with-ann", kind: "direct", members: [me] })).chat.id;
  await ann.reload();
  await api(bob, "POST", `/api/chats/${direct}/messages`, { clientId: "first", text: "Only for you" });
  await press(ann, "Turn on");
  await subscribed(ann);

  devtools = await context.newCDPSession(await context.newPage());
  const registered = new Promise((ok) => devtools.on("ServiceWorker.workerRegistrationUpdated", ({ registrations: [r] }) => r && ok(r.registrationId)));
  await devtools.send("ServiceWorker.enable");
  registrationId = await registered;
  [worker] = context.serviceWorkers();
  await worker.evaluate(() => {
    navigator.setAppBadge = async (n) => void (globalThis.badge = n);
    const show = registration.showNotification.bind(registration);
    globalThis.showing = 0;
    registration.showNotification = (...args) => {
      globalThis.showing++;
      return show(...args).finally(() => globalThis.showing--);
    };
  });
});

test("a push of a message that the page has shown, or read, is no second notification", async () => {
  await ann.getByRole("link", { name: /General/ }).click();
  await heading(ann, "General");
  await ann.evaluate(() => void (document.hasFocus = () => false));
  const { message } = await api(bob, "POST", `/api/chats/${garden}/messages`, { clientId: "beans", text: "The beans are up" });
  await shown((n) => [n.title, n.body], [["Garden", "Bob: The beans are up"]]);
  await push(pushOf(garden, message.seq, "Garden", "Bob: The beans are up", { count: 1 }));
  const next = await api(bob, "POST", `/api/chats/${garden}/messages`, { clientId: "peas", text: "The peas, too" });
  await shown((n) => [n.body, n.path], [["2 new messages\nBob: The peas, too", `/c/${garden}/${next.message.seq}`]]);
  await push(pushOf(garden, next.message.seq, "Garden", "Bob: The peas, too"));
  await click(garden);
  await heading(ann, "Garden");
  await ann.locator(".message.mark", { hasText: "The peas, too" }).waitFor();
  await ann.evaluate(() => {
    document.hasFocus = () => true;
    dispatchEvent(new Event("focus"));
  });
  await shown((n) => n.tag, []);
});

test("with no page open pushes are shown, counted by chat, and closed when they were read elsewhere", async () => {
  await ann.close();
  await push("{"); // nothing that can be read
  await shown((n) => [n.title, n.body, n.path], [["New message", "Open Parley to read it.", "/"]]);
  await push({ app_badge: 0, data: { read: ["push"] } });
  await shown((n) => n.tag, []);
  assert.equal(await badge(), 0);
  await push({ app_badge: 0, data: { read: [garden] } }); // nothing is shown
  await shown((n) => n.title, ["Read on another device"]);
  await shown((n) => n.tag, []);

  await push(pushOf(garden, 20, "Garden", "Bob: One"));
  await push(pushOf(garden, 21, "Garden", "Bob: Two"));
  await push(pushOf(direct, 5, "Bob", "Three"));
  await shown((n) => [n.title, n.body, n.path], [["Garden", "2 new messages\nBob: Two", `/c/${garden}/21`], ["Bob", "Three", `/c/${direct}/5`]]);
  assert.equal(await badge(), 2);
  await push({ ...pushOf(direct, 6, "Bob", "Four", { read: [garden] }), app_badge: 1 });
  await shown((n) => [n.title, n.body], [["Bob", "2 new messages\nFour"]]);
  assert.equal(await badge(), 1);

  await worker.evaluate(() => void (clients.openWindow = async (path) => void (globalThis.opened = path))); // a real one needs a person's click
  await click(direct);
  while ((await worker.evaluate(() => globalThis.opened)) !== `/c/${direct}/6`);
  await shown((n) => n.tag, []);
  await push({ ...pushOf(garden, 22, "Garden", "Bob: Five") });
  await shown((n) => n.tag, [garden]);
});

test("a page that opens closes the notifications of what was read meanwhile", async () => {
  const { seq } = (await api(bob, "POST", `/api/chats/${direct}/messages`, { clientId: "still", text: "Still unread" })).message;
  await push(pushOf(direct, seq, "Bob", "Still unread"));
  ann = await h.watch(await context.newPage());
  await ann.addInitScript(() => void (navigator.setAppBadge = async (n) => void (globalThis.badge = n)));
  await ann.goto(h.at(`/c/${garden}`)); // its messages were read
  await heading(ann, "Garden");
  await shown((n) => [n.tag, n.body], [[direct, "Still unread"]]);
  await ann.waitForFunction(() => globalThis.badge === 2); // with the first one
  await ann.getByRole("link", { name: /^Bob/ }).click();
  await heading(ann, "Bob");
  await shown((n) => n.tag, []);
  await ann.waitForFunction(() => globalThis.badge === 0);
});

test("the settings turn pushes off and on, and say what became of a test", async () => {
  await ann.goto(h.at("/me"));
  await section(ann).getByText("Push is on.", { exact: false }).waitFor();
  await section(ann).getByText("https", { exact: false }).first().waitFor(); // this server has no public address
  await press(ann, "Turn off push");
  await press(ann, "Turn on push");
  await section(ann).getByRole("button", { name: "Send a test notification" }).waitFor();
  const endpoint = await subscribed(ann);
  await press(ann, "Send a test notification");
  await section(ann).getByText("can't reach the push service", { exact: false }).waitFor(); // its name does not exist
  await h.accessible(ann, "push-on");

  const answers = (result, reason) => ann.route("**/api/push/test", (r) => r.fulfill({ json: { last: { at: Date.now(), result, reason } } }), { times: 1 });
  const keeps = (last) => ann.route("**/api/push", async (r) => {
    const answer = await r.fetch();
    await r.fulfill({ response: answer, json: { ...(await answer.json()), last } });
  }, { times: 1 });
  await answers("refused", "403 BadJwtToken");
  await keeps({ at: Date.now(), result: "refused", reason: "403 BadJwtToken" });
  await press(ann, "Send a test notification");
  await section(ann).getByText(/refused by the push service \(403 BadJwtToken\)\. It only serves/).waitFor();
  await answers("accepted");
  await keeps({ at: Date.now(), result: "accepted" });
  await press(ann, "Send a test notification");
  await section(ann).getByText(/^Last push, .*: sent\.$/).waitFor();

  await ann.route("**/api/push/test", async (r) => { // the server ends a subscription that its push service no longer knows
    await api(ann, "DELETE", "/api/push/subscription");
    await r.fulfill({ json: { last: { at: Date.now(), result: "gone", reason: "410 Gone" } } });
  }, { times: 1 });
  await press(ann, "Send a test notification");
  await section(ann).getByText("no longer knows this device", { exact: false }).waitFor();
  await press(ann, "Turn on push");
  await section(ann).getByText("Push is on.", { exact: false }).waitFor();
  assert.notEqual(await subscribed(ann), endpoint);

  await ann.evaluate(() => void (globalThis.noPushService = true));
  await press(ann, "Turn off push");
  await press(ann, "Turn on push");
  await section(ann).getByRole("alert").getByText("can't be reached", { exact: false }).waitFor();
  assert.equal(await atServer(ann), undefined);
  await ann.evaluate(() => void (globalThis.noPushService = false));
  await press(ann, "Turn on push");
  await subscribed(ann);
});

test("a subscription that the server does not have for this session is replaced at the start", async () => {
  const endpoint = await subscribed(ann);
  await api(ann, "DELETE", "/api/push/subscription");
  await ann.reload();
  assert.notEqual(await subscribed(ann), endpoint);
});

test("turning notifications off ends pushes, too", async () => {
  await ann.goto(h.at("/me"));
  await press(ann, "Turn off");
  await section(ann).getByText("Push is off.", { exact: false }).waitFor();
  assert.deepEqual([await inBrowser(ann), await atServer(ann)], [undefined, undefined]);
  await press(ann, "Turn on push");
  await ann.getByText("Notifications are on in this browser.", { exact: true }).waitFor();
  await subscribed(ann);
});

test("signing out ends the subscription, and another user of the browser begins without one", async () => {
  await press(ann, "Sign out");
  await heading(ann, "Sign in to Our house");
  await ann.waitForFunction(() => !localStorage.getItem("subscription"));
  await ann.evaluate(() => PushManager.prototype.subscribe({ userVisibleOnly: true, applicationServerKey: "x".repeat(87) })); // a leftover
  await fill(ann, { Handle: "bob", Password: "correct horse" });
  await press(ann, "Sign in");
  await ann.getByRole("button", { name: "New chat", exact: true }).waitFor();
  await ann.waitForFunction(() => !localStorage.getItem("subscription"));
  assert.equal(await atServer(ann), undefined);
});

test("where the browser blocks all notifications, one section says so", async () => {
  const page = await bob.context().newPage();
  await page.addInitScript(() => Object.defineProperty(Notification, "permission", { get: () => "denied" }));
  await h.watch(page);
  await page.goto(h.at("/me"));
  await page.getByRole("region", { name: "Notifications in this browser" }).getByText(/Your browser blocks notifications/).waitFor();
  await section(page).waitFor({ state: "detached" });
  await page.close();
});

for (const [name, init, text] of [
  ["unsupported", () => void delete globalThis.PushManager, /doesn't support push/],
  ["iphone", () => {
    delete globalThis.PushManager;
    delete globalThis.Notification;
    navigator.standalone = false;
  }, /Add to Home Screen/],
]) {
  test(`the settings say why there are no pushes: ${name}`, async () => {
    const page = await bob.context().newPage();
    await page.addInitScript(init);
    await h.watch(page);
    await page.goto(h.at("/me"));
    await section(page).getByText(text).waitFor();
    assert.equal(await section(page).getByRole("button").count(), 0);
    await section(page).scrollIntoViewIfNeeded();
    await h.accessible(page, `push-${name}`);
    assert.equal(await wide(page), false);
    await page.close();
  });
}

test("on a phone the section fits", async () => {
  await withPushService(bob.context());
  await bob.context().grantPermissions(["notifications"]);
  await bob.goto(h.at("/me"));
  await press(bob, "Turn on push");
  await subscribed(bob);
  await press(bob, "Send a test notification");
  await section(bob).getByText("Last push", { exact: false }).waitFor();
  await section(bob).scrollIntoViewIfNeeded();
  await h.accessible(bob, "push-phone");
  assert.equal(await wide(bob), false);
});

h.noFaults();
