// The service worker, public/sw.js, in a scope of its own: events go in, notifications come out.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { runInNewContext } from "node:vm";
import { beforeEach, expect, test, vi } from "vitest";

const script = readFileSync(join(import.meta.dirname, "../../public/sw.js"), "utf8");

interface Shown extends NotificationOptions { title: string; renotify?: boolean; data: Record<string, unknown>; close: () => void }

class Worker {
  shown: Shown[] = [];
  windows: Record<string, unknown>[] = [];
  opened: string[] = [];
  calls: [string, RequestInit | undefined][] = [];
  badge: number | undefined;
  later: (() => Promise<void>) | undefined; // of setTimeout
  now = 1_000_000;
  subscribe = vi.fn(() => Promise.resolve(subscriptionOf("https://push.example/new")));
  answer: object | undefined = { key: "KEY" };
  #listeners = new Map<string, (e: object) => void>();

  constructor() {
    runInNewContext(script, {
      addEventListener: (type: string, listener: (e: object) => void) => this.#listeners.set(type, listener),
      skipWaiting() {},
      location: { origin: "https://chat.example" },
      navigator: { setAppBadge: (n: number) => Promise.resolve((this.badge = n)) },
      clients: { matchAll: () => Promise.resolve(this.windows), openWindow: (path: string) => Promise.resolve(this.opened.push(path)) },
      registration: {
        getNotifications: ({ tag }: { tag?: string } = {}) => Promise.resolve(this.shown.filter((n) => !tag || n.tag === tag)),
        showNotification: (title: string, options: NotificationOptions) => {
          const one = { ...options, title, data: structuredClone(options.data) as Record<string, unknown>, close: () => void (this.shown = this.shown.filter((n) => n !== one)) };
          this.shown = [...this.shown.filter((n) => !one.tag || n.tag !== one.tag), one];
          return Promise.resolve();
        },
        pushManager: { subscribe: this.subscribe },
      },
      fetch: (path: string, init?: RequestInit) => {
        this.calls.push([path, init]);
        return Promise.resolve({ ok: !!this.answer, json: () => Promise.resolve(this.answer) });
      },
      Date: { now: () => this.now },
      URL,
      setTimeout: (f: () => Promise<void>) => void (this.later = f),
    });
  }

  async dispatch(type: string, e: object) {
    let done: Promise<unknown> | undefined;
    this.#listeners.get(type)!({ ...e, waitUntil: (p: Promise<unknown>) => void (done = p) });
    await done;
  }

  push = (payload: unknown) => this.dispatch("push", { data: { json: () => JSON.parse(typeof payload === "string" ? payload : JSON.stringify(payload)) as unknown } });
  post = (data: object) => this.dispatch("message", { data, source: { id: "page" }, ports: [] });
  get last() {
    return this.shown.at(-1)!;
  }
}

const subscriptionOf = (endpoint: string) => ({ toJSON: () => ({ endpoint, expirationTime: null, keys: { p256dh: "P", auth: "A" } }) });
const pushOf = (chatId: string, seq: number, more: object = {}, notification: object = {}) => ({
  web_push: 8030, mutable: true, app_badge: 3,
  notification: { title: "Garden", body: `Ann: ${seq}`, navigate: `https://chat.example/c/${chatId}/${seq}`, tag: chatId, data: { chatId, seq, count: 1, ...more }, ...notification },
});

let worker: Worker;
beforeEach(() => void (worker = new Worker()));

test("a push is shown with the chat's tag and sets the badge", async () => {
  await worker.push(pushOf("c", 7));
  expect(worker.shown).toMatchObject([{ title: "Garden", body: "Ann: 7", tag: "c", renotify: true, data: { path: "/c/c/7", seq: 7 } }]);
  expect(worker.shown[0]!.silent).toBeUndefined();
  expect(worker.badge).toBe(3);
});

test("a declarative push that the browser has read is shown, too", async () => {
  const { notification, app_badge: appBadge } = pushOf("c", 7, { read: ["old"] });
  await worker.push(pushOf("old", 1));
  await worker.dispatch("push", { data: null, notification, appBadge });
  expect(worker.shown.map((n) => [n.tag, n.body, n.data.path])).toEqual([["c", "Ann: 7", "/c/c/7"]]);
});

test("pushes of a chat make one notification, which counts the messages", async () => {
  await worker.push(pushOf("c", 7));
  await worker.push(pushOf("c", 8));
  expect(worker.shown.map((n) => n.body)).toEqual(["2 new messages\nAnn: 8"]);
  await worker.push(pushOf("c", 12, { count: 3 }));
  expect(worker.shown.map((n) => n.body)).toEqual(["5 new messages\nAnn: 12"]);
  await worker.push(pushOf("c", 13, { count: 9 })); // 8 of them are counted already
  expect(worker.shown.map((n) => n.body)).toEqual(["6 new messages\nAnn: 13"]);
  worker.last.close();
  await worker.push(pushOf("c", 14));
  expect(worker.shown.map((n) => n.body)).toEqual(["Ann: 14"]);
  await worker.push(pushOf("d", 2));
  expect(worker.shown.map((n) => n.tag)).toEqual(["c", "d"]);
});

test("pushes that come at the same time are shown one after the other", async () => {
  await Promise.all([7, 8, 9].map((seq) => worker.push(pushOf("c", seq))));
  expect(worker.shown.map((n) => n.body)).toEqual(["3 new messages\nAnn: 9"]);
});

test("a busy chat makes a sound every 30 seconds at most", async () => {
  await worker.push(pushOf("c", 1));
  worker.now += 20_000;
  await worker.push(pushOf("c", 2));
  expect([worker.last.silent, worker.last.renotify]).toEqual([true, undefined]);
  worker.now += 10_000;
  await worker.push(pushOf("c", 3));
  expect([worker.last.silent, worker.last.renotify]).toEqual([undefined, true]);
  await worker.push(pushOf("d", 1)); // another chat
  expect(worker.last.silent).toBeUndefined();
});

test("a message that a page and a push report makes one sound, in either order", async () => {
  const notice = (seq: number, count: number) => ({ title: "Garden", text: `Ann: ${seq}`, tag: "c", path: `/c/c/${seq}`, seq, count });
  await worker.post({ notice: notice(7, 2) });
  expect(worker.last).toMatchObject({ body: "2 new messages\nAnn: 7", renotify: true });
  worker.now += 60_000;
  await worker.push(pushOf("c", 7, {}, { body: "New message" }));
  await worker.push(pushOf("c", 6)); // late
  expect(worker.shown).toMatchObject([{ body: "2 new messages\nAnn: 7", silent: true, data: { path: "/c/c/7", seq: 7, count: 2 } }]);

  await worker.push(pushOf("c", 8));
  worker.now += 60_000;
  await worker.post({ notice: notice(8, 3) });
  expect(worker.shown).toMatchObject([{ body: "3 new messages\nAnn: 8", silent: true }]);
});

test("an edited message changes its notification without a sound", async () => {
  await worker.push(pushOf("c", 7));
  worker.now += 60_000;
  await worker.post({ notice: { title: "Garden", text: "Ann: edited", tag: "c", path: "/c/c/7", seq: 7, count: 1 }, update: true });
  expect(worker.shown).toMatchObject([{ body: "Ann: edited", silent: true }]);
});

test("a page shows nothing while another window has the focus; a push does", async () => {
  worker.windows = [{ id: "other", focused: true }];
  await worker.post({ notice: { title: "Garden", text: "x", tag: "c", seq: 1 } });
  expect(worker.shown).toEqual([]);
  await worker.push(pushOf("c", 1));
  expect(worker.shown).toHaveLength(1);
});

const closing = (...read: string[]) => ({ app_badge: 0, data: { read } });

test("a page is told what is shown once that is on the screen, and closes what it has looked at", async () => {
  const seen: unknown[] = [];
  const ask = () => worker.dispatch("message", { data: {}, source: { id: "page" }, ports: [{ postMessage: (shown: Shown[]) => seen.push(shown.map((n) => [n.tag, n.data["seq"]])) }] });
  const notice = { title: "Garden", text: "Ann: 1", tag: "garden", path: "/c/garden/1", seq: 1 };
  const showing = worker.post({ notice });
  await Promise.all([ask(), showing]); // asked while it is being shown
  expect(seen).toEqual([[["garden", 1]]]);
  await worker.post({ notice: { ...notice, text: "Ann: 2", seq: 2 } });
  await worker.post({ read: [{ tag: "garden", seq: 1 }] }); // a later message has taken its place
  expect(worker.shown.map((n) => n.tag)).toEqual(["garden"]);
  await worker.post({ read: [{ tag: "garden", seq: 2 }] });
  expect(worker.shown).toEqual([]);
});

test("what was read elsewhere is closed", async () => {
  for (const chat of ["a", "b", "c"]) await worker.push(pushOf(chat, 1));
  await worker.post({ notice: { title: "2 new messages in 2 chats", text: "A, B", tag: "summary", chats: ["a", "b"] } });
  await worker.push(pushOf("d", 1, { read: ["b"] }));
  expect(worker.shown.map((n) => n.tag).sort()).toEqual(["c", "d", "summary"]); // the summary replaced those of its chats
  await worker.push(closing("a")); // shows nothing by itself
  expect(worker.shown.map((n) => n.tag)).toEqual(["c", "d"]);
  expect(worker.badge).toBe(0);
});

test("the last notification is closed after the event: a browser ends the subscription of a site that shows nothing", async () => {
  await worker.push(pushOf("c", 1));
  await worker.push(closing("c"));
  expect(worker.shown.map((n) => n.tag)).toEqual(["c"]);
  await worker.later!();
  expect(worker.shown).toEqual([]);

  await worker.push(pushOf("c", 2));
  await worker.push(closing("c"));
  await worker.push(pushOf("c", 3)); // meanwhile
  await worker.later!();
  expect(worker.shown.map((n) => n.body)).toEqual(["2 new messages\nAnn: 3"]);
});

test("where nothing is left to be closed, a text is shown for a moment, but not beside an open page", async () => {
  await worker.push(closing("c"));
  expect(worker.shown).toMatchObject([{ title: "Read on another device", silent: true }]);
  await worker.later!();
  expect(worker.shown).toEqual([]);
  worker.windows = [{ id: "page", visibilityState: "visible" }];
  await worker.push(closing("c"));
  expect(worker.shown).toEqual([]);
});

test("a summary of the server is closed when all of its chats were read", async () => {
  await worker.push(pushOf("c", 1));
  await worker.push({ web_push: 8030, app_badge: 4, notification: { title: "4 new messages in 2 chats", body: "A, B", navigate: "/", tag: "summary", data: { count: 4, chats: ["a", "b"] } } });
  worker.now += 60_000;
  await worker.push(closing("a"));
  expect(worker.shown).toMatchObject([{ tag: "c" }, { tag: "summary", title: "4 new messages in 2 chats", body: "A, B", silent: true }]);
  await worker.push(closing("b"));
  expect(worker.shown.map((n) => n.tag)).toEqual(["c"]);
});

test("a summary has the words of the server, and opens the page", async () => {
  await worker.push({ web_push: 8030, app_badge: 4, notification: { title: "Parley", body: "12 new messages in 4 chats", navigate: "/", tag: "summary", data: { count: 12 } } });
  expect(worker.shown).toMatchObject([{ title: "Parley", body: "12 new messages in 4 chats", tag: "summary", data: { path: "/" } }]);
});

test.each([
  ["no JSON", "{"], ["nothing", "null"], ["a number", 7], ["a list", []], ["an object without a notification", { app_badge: 1 }], ["no title", pushOf("c", 1, {}, { title: "" })],
  ["a title that is no text", pushOf("c", 1, {}, { title: { a: 1 } })], ["read that is no list", { data: { read: "c" } }],
])("a push of %s is shown without words", async (_, payload) => {
  await worker.push(payload);
  expect(worker.shown).toMatchObject([{ title: "New message", body: "Open Parley to read it.", data: { path: "/" } }]);
  await worker.dispatch("push", { data: null });
  expect(worker.shown).toHaveLength(1);
});

test.each(["https://evil.example/c/1", "//evil.example", "https://chat.example//evil.example", "javascript:alert(1)", "data:text/html,x", 7, null, "https://["])("a push never leads elsewhere: %s", async (navigate) => {
  await worker.push(pushOf("c", 1, {}, { navigate }));
  expect(worker.last.data.path).toMatch(/^\/(?!\/)/);
  const notification = worker.last;
  await worker.dispatch("notificationclick", { notification });
  expect(worker.opened).toEqual([notification.data.path]);
});

test("numbers that make no sense are left out", async () => {
  await worker.push({ ...pushOf("c", 1, { seq: -1, count: "9" }), app_badge: -2 });
  expect(worker.shown).toMatchObject([{ body: "Ann: 1", data: { seq: 0, count: 1 } }]);
  expect(worker.badge).toBeUndefined();
});

test("a click opens the message in a visible page, in any other page, or in a new window", async () => {
  await worker.push(pushOf("c", 7));
  const click = () => worker.dispatch("notificationclick", { notification: { ...worker.last, close() {} } });
  await click();
  expect(worker.opened).toEqual(["/c/c/7"]);
  const page = (visibilityState: string) => ({ visibilityState, postMessage: vi.fn(), focus: vi.fn(() => Promise.reject(new Error("not allowed"))) });
  const [hidden, visible] = [page("hidden"), page("visible")];
  worker.windows = [hidden, visible];
  await click();
  expect(visible.postMessage).toHaveBeenCalledWith({ open: "/c/c/7" });
  expect(visible.focus).toHaveBeenCalled();
  expect(hidden.postMessage).not.toHaveBeenCalled();
  worker.windows = [hidden];
  await click();
  expect(hidden.postMessage).toHaveBeenCalled();
  expect(worker.opened).toHaveLength(1);
});

test("a subscription that the browser ended is replaced at the server, unless the user signed out", async () => {
  await worker.dispatch("pushsubscriptionchange", {});
  expect(worker.subscribe).toHaveBeenCalledWith({ userVisibleOnly: true, applicationServerKey: "KEY" });
  const sent = () => worker.calls.filter(([, init]) => init).map(([path, init]) => [path, init!.method, JSON.parse(init!.body as string) as object]);
  expect(sent()).toEqual([["/api/push/subscription", "PUT", { endpoint: "https://push.example/new", keys: { p256dh: "P", auth: "A" } }]]);
  await worker.dispatch("pushsubscriptionchange", { newSubscription: subscriptionOf("https://push.example/other") });
  expect(worker.subscribe).toHaveBeenCalledTimes(1);
  expect(sent()[1]![2]).toMatchObject({ endpoint: "https://push.example/other" });
  worker.answer = undefined;
  await worker.dispatch("pushsubscriptionchange", {});
  expect(sent()).toHaveLength(2);
});
