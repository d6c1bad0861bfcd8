import "fake-indexeddb/auto";
import { IDBFactory } from "fake-indexeddb";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Api } from "./api.ts";
import { TabChannel } from "./tabChannel.ts";
import { Core } from "./core.ts";
import { openLocalDB } from "./localDB.ts";
import { Log, user } from "./testkit/log.ts";
import { FakeWire, helloOk } from "./testkit/wire.ts";

beforeEach(() => {
  vi.stubGlobal("indexedDB", new IDBFactory());
  vi.useFakeTimers({ toFake: ["Date", "performance", "setTimeout", "clearTimeout", "setInterval", "clearInterval"], now: 1_800_000_000_000 });
});
afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

/** Runs promises, storage and the timers of the next ms. */
async function pass(ms = 0) {
  for (let i = 0; i < 10; i++) await new Promise((ok) => setImmediate(ok));
  await vi.advanceTimersByTimeAsync(ms);
  for (let i = 0; i < 10; i++) await new Promise((ok) => setImmediate(ok));
}

/** A browser: its pages share a cookie, a database and a channel, from which a deaf page is cut off. */
class Browser {
  cookie = "ann";
  pages: { core: Core; channel: TabChannel }[] = [];
  asked: { call: string; as: string | undefined; cookie: string }[] = [];
  answers: Record<string, () => unknown> = {};

  async page(deaf = false) {
    const wires: FakeWire[] = [];
    const channel = new TabChannel();
    channel.send = (n) => deaf || this.pages.filter((p) => p.channel !== channel).forEach((p) => p.channel.onMessage(n));
    const api = new Api(async (url, init) => {
      const call = `${init!.method} ${(url as string).slice("/api".length)}`;
      const as = (init!.headers as Record<string, string>)["Parley-User"];
      this.asked.push({ call, as, cookie: this.cookie });
      const refusal = !this.cookie ? { code: "no_identity", message: "" } : as && as !== this.cookie ? { code: "no_identity", message: "", field: "Parley-User" } : undefined;
      if (refusal) return new Response(JSON.stringify({ error: refusal }), { status: 401 });
      if (call === "GET /me" || call === "POST /sessions") return new Response(JSON.stringify({ user: user(this.cookie) }));
      const said = await this.answers[call]?.();
      return said === undefined ? new Response(null, { status: 204 }) : new Response(JSON.stringify(said));
    });
    const core = new Core(api, openLocalDB(), () => (wires.push(new FakeWire()), wires.at(-1)!), channel);
    const it = {
      core, wires, channel,
      wire: () => wires.at(-1)!,
      greet: () => it.wire().greets({ me: user(this.cookie), chats: [new Log("c", ["ann", "bob"]).entry(this.cookie)] }),
      posts: () => wires.flatMap((w) => w.got).filter((c) => c.do === "post").map((c) => c.text),
    };
    this.pages.push(it);
    void core.start();
    await pass();
    return it;
  }

  async shows(it: { core: Core }) {
    await pass();
    const { phase, pending, state, otherUser: other } = it.core.store.snapshot;
    return [phase, pending.length, state.chats.size, other?.id];
  }
}

test("hello names the page's user, and another user's cookie posts nothing", async () => {
  const browser = new Browser();
  const it = await browser.page(true);
  it.greet();
  it.wire().breaks(4000, "retryAfterMs=100");
  it.core.post("c", "Ann's own");
  await pass(100);
  browser.cookie = "bob";
  it.wire().opens();
  const hello = it.wire().last("hello");
  expect(hello).toMatchObject({ as: "ann" });
  it.wire().says({ re: hello.id, error: { code: "no_identity", message: "", field: "as" } }, { re: it.wire().last("resume").id, error: { code: "no_identity", message: "" } });
  it.wire().breaks(4503);
  expect([await browser.shows(it), it.posts()]).toEqual([["otherUser", 0, 0, "bob"], []]);
  await pass(120_000);
  expect(it.wires.length).toBe(2);
  browser.cookie = "ann";
  const next = await browser.page(); // Ann signs in again in another tab, and the first is notified
  next.greet();
  await pass();
  it.greet();
  await pass(16_000);
  expect([await browser.shows(it), [...it.posts(), ...next.posts()]]).toEqual([["in", 1, 1, "bob"], ["Ann's own"]]);
});

test("a hello of another user, from a server without that check, ends the session", async () => {
  const browser = new Browser();
  const it = await browser.page();
  it.core.post("c", "Ann's own");
  browser.cookie = "bob";
  it.wire().opens();
  it.wire().says({ re: it.wire().last("hello").id, ok: helloOk({ me: user("bob") }) });
  expect([await browser.shows(it), it.posts()]).toEqual([["otherUser", 0, 0, "bob"], []]);
});

test("calls name their user, and a refusal ends the page's session", async () => {
  const browser = new Browser();
  const it = await browser.page(true);
  it.greet();
  browser.cookie = "bob";
  await expect(it.core.api.changeMe({ name: "Ann" })).rejects.toMatchObject({ code: "no_identity" });
  expect(await browser.shows(it)).toEqual(["otherUser", 0, 0, "bob"]);
  expect(browser.asked.map((a) => a.as)).toEqual([undefined, "ann", undefined]);
});

test("a page whose cookie is another user's does not sign that user out", async () => {
  const browser = new Browser();
  const it = await browser.page(true);
  await it.core.storage!.saveDraft("c", { text: "Ann's", at: 1 });
  browser.cookie = "bob";
  let ended = 0;
  browser.answers["DELETE /sessions/current"] = () => void ended++;
  await it.core.signOut();
  expect([await browser.shows(it), ended]).toEqual([["otherUser", 0, 0, "bob"], 0]);
  expect((await (await openLocalDB()).rows("drafts", "")).size).toBe(0); // signing out erased them
});

test("calls under way when the user changes neither reach the next user's page nor are retried in their name", async () => {
  const browser = new Browser();
  const it = await browser.page(true);
  it.greet();
  let answer = (_: object) => {};
  browser.answers["GET /chats/d"] = () => new Promise<object>((ok) => (answer = ok));
  browser.answers["GET /chats/c/members?limit=200"] = () => new Promise<object>((ok) => setTimeout(() => ok({ members: [], users: [], next: "x" }), 500));
  const join = expect(it.core.join("d")).rejects.toMatchObject({ code: "no_answer" });
  const members = expect(it.core.loadMembers("c")).rejects.toMatchObject({ code: "no_answer" });
  const edit = expect(it.core.change("edit", { chatId: "c", target: 2, text: "Ann's edit" })).rejects.toMatchObject({ code: "no_answer" });
  await pass();
  it.wire().breaks(4501);
  expect(it.core.store.snapshot.phase).toBe("out");
  browser.cookie = "bob";
  await it.core.signIn("bob", "x");
  it.greet();
  answer({ chat: new Log("d", ["ann"]).entry("ann"), users: [user("carl")] });
  await pass(60_000);
  await Promise.all([join, members, edit]);
  const { state } = it.core.store.snapshot;
  expect([state.me?.id, [...state.chats.keys()], state.users.has("carl")]).toEqual(["bob", ["c"], false]);
  expect(it.wire().last("edit")).toBeUndefined();
  expect(browser.asked.filter((a) => a.as && a.as !== a.cookie)).toEqual([]);
});

test("a page reacts at once to sign-outs and sign-ins in other tabs, and resumes with its own user", async () => {
  const browser = new Browser();
  const it = await browser.page(), other = await browser.page();
  it.greet();
  other.greet();
  it.wire().breaks(4000, "retryAfterMs=60000");
  it.core.post("c", "not sent");
  await it.core.storage!.saveDraft("c", { text: "draft", at: 1 });
  await pass();
  expect(await other.core.storage!.unsent()).toEqual({ messages: true, drafts: true });
  await other.core.signOut();
  browser.cookie = "";
  expect([await browser.shows(it), it.core.store.snapshot.connection.cause]).toEqual([["out", 0, 0, undefined], "left"]);
  browser.cookie = "bob";
  await other.core.signIn("bob", "x");
  expect(await browser.shows(it)).toEqual(["otherUser", 0, 0, "bob"]);
  await other.core.signOut();
  browser.cookie = "";
  await pass();
  browser.cookie = "ann";
  await other.core.signIn("ann", "x");
  await pass();
  it.greet();
  expect([(await browser.shows(it)).slice(0, 3), await it.core.storage!.unsent()]).toEqual([["in", 0, 1], { messages: false, drafts: false }]);
});

test("the outbox of an ended session is sent from the user's next session", async () => {
  const browser = new Browser();
  const it = await browser.page();
  it.core.post("c", "left behind");
  await pass();
  it.wire().breaks(4501);
  browser.cookie = "bob";
  await it.core.signIn("bob", "x"); // the tab is Bob's now
  browser.cookie = "ann";
  const next = await browser.page(true);
  next.greet();
  await pass(16_000);
  expect(next.posts()).toEqual(["left behind"]);
});

test("without a BroadcastChannel pages use storage events", () => {
  vi.stubGlobal("BroadcastChannel", undefined);
  const listeners: ((e: object) => void)[] = [], rows = new Map<string, string>();
  vi.stubGlobal("addEventListener", (_: string, l: (e: object) => void) => listeners.push(l));
  vi.stubGlobal("localStorage", { setItem: (key: string, newValue: string) => (rows.set(key, newValue), listeners.forEach((l) => l({ key, newValue }))), removeItem: (key: string) => rows.delete(key) });
  const a = new TabChannel(), heard: object[] = [];
  new TabChannel().onMessage = (n) => heard.push(n);
  a.send({ type: "in", user: "ann" });
  expect([heard, rows.size]).toEqual([[{ type: "in", user: "ann" }], 0]);
});
