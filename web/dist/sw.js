// Shows notifications of pages and of pushes, and opens their messages on a click. It caches nothing.

/** What the worker says by itself; it cannot read the page's strings. */
const texts = {
  title: "New message",
  body: "Open Parley to read it.",
  newMessages: (count) => `${count} new messages`,
  read: "Read on another device",
};
const quietMs = 30_000; // a busy chat makes one sound in this time
const lingerMs = 1000; // how long a notification stays after the event that closes the last one
const readTag = "read";
const icon = "/icon-192.png";

addEventListener("install", () => skipWaiting());
addEventListener("activate", (e) => e.waitUntil(clients.claim()));

// Events change notifications one after the other: each looks at what is shown, and a browser may drop one that it is asked for
// before it is on the screen.
let queue = Promise.resolve();
const inTurn = (event, change) => event.waitUntil(queue = queue.catch(() => {}).then(change));

/**
 * Shows a notice {title, text, tag, path, seq, count, more, icon, chats} in place of the one with its tag. It tells of count
 * messages, or of more than the one in its place. update: without a sound. A page and a push may both report a message: the
 * second report makes no sound, and a late one changes nothing.
 */
async function show({ title, text, tag, path = "/", seq = 0, count = 1, more, icon: picture, chats }, update) {
  const [shown] = await registration.getNotifications({ tag });
  const before = { seq: 0, count: 0, at: 0, ...shown?.data };
  if (!update && shown && seq > 0 && seq <= before.seq) {
    // Shown again all the same: browsers end the subscription of a worker that shows nothing for a push.
    return again(shown);
  }
  const silent = !!update || Date.now() - before.at < quietMs;
  const total = more ? before.count + (before.seq ? Math.min(more, seq - before.seq) : more) : count;
  await registration.showNotification(title, {
    icon: picture ?? icon,
    badge: icon,
    body: total > 1 ? `${texts.newMessages(total)}\n${text}` : text,
    tag,
    ...(silent ? { silent } : { renotify: true }),
    data: { path, seq, text, count: total, chats, at: silent ? before.at : Date.now() },
  });
}

// Pages post what to show and what to close, and send a port to get the list of what is shown: Chromium drops a notification if
// a page calls getNotifications while the worker is showing it. Nothing is shown while another window of this server has the focus.
addEventListener("message", (e) => inTurn(e, async () => {
  const { notice, update, read } = e.data, [port] = e.ports;
  if (port) return port.postMessage((await registration.getNotifications()).map(({ title, body, tag, data }) => ({ title, body, tag, data })));
  if (read) return close((n) => read.some((one) => one.tag === n.tag && one.seq === n.data?.seq));
  const windows = await clients.matchAll({ type: "window", includeUncontrolled: true });
  if (!update && windows.some((w) => w.focused && w.id !== e.source?.id)) return;
  await show(notice, update);
  if (notice.chats) await close((n) => notice.chats.includes(n.tag)); // the summary tells of them
}));

/** Returns what a push says, {notice, badge, read}; docs/protocol.md has its form. One that cannot be read has a notice without the words. */
function parse(push) {
  let json;
  try {
    // A browser that understands declarative pushes has read the data itself.
    json = push.data ? push.data.json() : { notification: push.notification, app_badge: push.appBadge };
  } catch {} // not JSON
  const text = (value, or = "") => (typeof value === "string" && value ? value : or);
  const number = (value) => (Number.isSafeInteger(value) && value >= 0 ? value : undefined);
  const n = json?.notification, { chatId, seq, count, chats, read } = n?.data ?? json?.data ?? {};
  const out = { badge: number(json?.app_badge), read: Array.isArray(read) ? read : [] };
  if (!n && Array.isArray(read)) return out;
  if (!text(n?.title)) return { ...out, notice: { title: texts.title, text: texts.body, tag: "push" } };
  return { ...out, notice: { title: n.title, text: text(n.body), tag: text(n.tag, "push"), path: ownPath(n.navigate), ...(text(chatId) && { seq: number(seq), more: number(count) }), ...(Array.isArray(chats) && { chats }) } };
}

/** Returns the path of a URL of this server, "/" for any other. */
function ownPath(url) {
  try {
    const { origin, pathname, search } = new URL(url, location.origin);
    return origin === location.origin ? pathname.replace(/^\/+/, "/") + search : "/"; // "//host" would be another server
  } catch {
    return "/";
  }
}

// Every push is shown, but those that only say what was read.
addEventListener("push", (e) => inTurn(e, async () => {
  const { notice, badge, read } = parse(e);
  const done = await allRead(read);
  if (!notice) await closeAfter(done);
  else {
    for (const n of done) n.close();
    await show(notice);
  }
  if (badge !== undefined) await navigator.setAppBadge?.(badge);
}));

/** Returns the notifications of which everything is read. A summary of chats of which some are read keeps the others. */
async function allRead(read) {
  const done = [];
  for (const n of await registration.getNotifications()) {
    const chats = n.data?.chats ?? [n.tag], left = chats.filter((id) => !read.includes(id));
    if (!left.length) done.push(n);
    else if (left.length < chats.length) await again(n, { ...n.data, chats: left });
  }
  return done;
}

/** Shows a notification again, without a sound. */
const again = (n, data = n.data) =>
  registration.showNotification(n.title, { icon: n.icon || icon, badge: icon, body: n.body, tag: n.tag, silent: true, data });

/**
 * Closes notifications. Browsers count what a site shows when the event of a push has ended, and end the subscription of one that
 * shows nothing, or show a text of their own: the last notification is closed after that.
 */
async function closeAfter(done) {
  const shown = await registration.getNotifications();
  if (shown.length > done.length) return done.forEach((n) => n.close());
  const windows = await clients.matchAll({ type: "window", includeUncontrolled: true });
  if (!shown.length) {
    if (windows.some((w) => w.visibilityState === "visible")) return;
    await registration.showNotification(texts.read, { icon, badge: icon, tag: readTag, silent: true });
  }
  const last = new Map(done.map((n) => [n.tag, n.data?.seq])); // a later push may show another one in its place
  setTimeout(() => close((n) => n.tag === readTag || last.has(n.tag) && last.get(n.tag) === n.data?.seq), lingerMs);
}

async function close(which) {
  for (const n of await registration.getNotifications()) if (which(n)) n.close();
}

addEventListener("notificationclick", (e) => {
  e.notification.close();
  e.waitUntil((async () => {
    const path = e.notification.data?.path ?? "/";
    const windows = await clients.matchAll({ type: "window", includeUncontrolled: true });
    const page = windows.find((w) => w.visibilityState === "visible") ?? windows[0];
    if (!page) return clients.openWindow(path);
    page.postMessage({ open: path });
    await page.focus().catch(() => {}); // some browsers reject, and focus it anyway
  })());
});

// The browser ended or replaced the subscription: the server gets the new one.
addEventListener("pushsubscriptionchange", (e) => e.waitUntil((async () => {
  const answer = await fetch("/api/push");
  if (!answer.ok) return; // signed out: pushes end, too
  const { key } = await answer.json();
  const fresh = e.newSubscription ?? await registration.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key });
  const { endpoint, keys } = fresh.toJSON();
  await fetch("/api/push/subscription", { method: "PUT", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ endpoint, keys }) });
})()));
