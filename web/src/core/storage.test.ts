import "fake-indexeddb/auto";
import { IDBFactory } from "fake-indexeddb";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { Pending } from "./outbox.ts";
import { openLocalDB, type LocalDB } from "./localDB.ts";
import { editKey, scrub, Storage } from "./storage.ts";
import { Tabs } from "./tabs.ts";

/** The Web Locks of one browser, as far as they are used. */
class FakeLocks {
  held = new Set<string>();
  async request(name: string, run: () => Promise<void>): Promise<void> {
    this.held.add(name);
    await run();
    this.held.delete(name);
  }
  query() {
    return Promise.resolve({ held: [...this.held].map((name) => ({ name })) });
  }
}

/** The sessionStorage of one tab. */
class FakeSession {
  rows = new Map<string, string>();
  getItem(key: string) {
    return this.rows.get(key) ?? null;
  }
  setItem(key: string, value: string) {
    this.rows.set(key, value);
  }
}

/** Its items are its own properties, as in browsers. */
class FakeLocalStorage {
  [key: string]: unknown;
  declare getItem: (key: string) => string | null;
  declare setItem: (key: string, value: string) => void;
  declare removeItem: (key: string) => void;
}
FakeLocalStorage.prototype.getItem = function (key) { return (this[key] as string | undefined) ?? null; };
FakeLocalStorage.prototype.setItem = function (key, value) { this[key] = value; };
FakeLocalStorage.prototype.removeItem = function (key) { delete this[key]; };

const pending = (clientId: string, tab: string): Pending => ({ clientId, chatId: "c", text: clientId, at: 1, tab, state: "waiting" });
const flush = () => new Promise((ok) => setImmediate(ok));

beforeEach(() => {
  vi.stubGlobal("indexedDB", new IDBFactory());
});
afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

describe.each([
  ["on disk", () => openLocalDB()],
  ["where there is no IndexedDB", () => (vi.stubGlobal("indexedDB", undefined), openLocalDB())],
  ["where it refuses", () => (vi.stubGlobal("indexedDB", { open: () => { throw new DOMException("no", "SecurityError"); } }), openLocalDB())],
])("%s", (_, localDB) => {
  test("update changes the rows of one prefix, all or none", async () => {
    const s = await localDB();
    await s.update("settings", "a/", (rows) => rows.set("a/x", 1).set("a/y", 2));
    await s.update("settings", "b/", (rows) => rows.set("b/x", 3));
    await s.update<number>("settings", "a/", (rows) => {
      rows.set("a/x", rows.get("a/x")! + 10);
      rows.delete("a/y");
    });
    expect([[...await s.rows("settings", "a/")], [...await s.rows("settings", "")].sort()]).toEqual([[["a/x", 11]], [["a/x", 11], ["b/x", 3]]]);
    await Promise.all(Array.from({ length: 20 }, () => s.update<number>("settings", "a/x", (rows) => rows.set("a/x", rows.get("a/x")! + 1))));
    expect([...await s.rows("settings", "a/")]).toEqual([["a/x", 31]]);
  });
});

test("rows are there for the next page", async () => {
  await (await openLocalDB()).update("settings", "", (rows) => rows.set("a", 1));
  expect([...await (await openLocalDB()).rows("settings", "")]).toEqual([["a", 1]]);
});

test("a browser that never opens the database falls back to memory", async () => {
  vi.useFakeTimers();
  vi.stubGlobal("indexedDB", { open: () => new IDBOpenDBRequest() });
  const opening = openLocalDB();
  await vi.advanceTimersByTimeAsync(3000);
  const s = await opening;
  await s.update("settings", "", (rows) => rows.set("a", 1));
  expect([...await s.rows("settings", "")]).toEqual([["a", 1]]);
});

/** Opens a page in Ann's browser. */
function page(localDB: LocalDB, locks = new FakeLocks(), user = "ann", session = new FakeSession()) {
  const tabs = new Tabs(localDB, locks as unknown as LockManager, session);
  return { tabs, storage: new Storage(localDB, tabs, user) };
}

describe("drafts", () => {
  test("come back with their reply, the newest of all tabs", async () => {
    const localDB = await openLocalDB();
    const a = page(localDB), b = page(localDB);
    const reply = { seq: 3, by: "bob", text: "why" };
    await a.storage.saveDraft("c", { text: "newer", reply, at: 2 });
    await b.storage.saveDraft("c", { text: "older", at: 1 });
    await a.storage.saveDraft("d", { text: "other", at: 3 });
    const c = page(localDB);
    expect([...await c.storage.drafts()].map(([chat, d]) => [chat, d.text, d.reply])).toEqual([["c", "newer", reply], ["d", "other", undefined]]);
    expect((await page(localDB, undefined, "bob").storage.drafts()).size).toBe(0);
  });

  test("two tabs do not erase each other's", async () => {
    const localDB = await openLocalDB();
    const a = page(localDB), b = page(localDB);
    await a.storage.saveDraft("c", { text: "one", at: 1 });
    await b.storage.draft("c"); // b continues it
    await a.storage.saveDraft("c", { text: "one more", at: 2 });
    await b.storage.saveDraft("c", undefined); // and deletes it
    expect((await page(localDB).storage.drafts()).get("c")!.text).toBe("one more");
    await a.storage.saveDraft("c", undefined);
    expect((await page(localDB).storage.drafts()).size).toBe(0);
  });

  test("each tab continues its own draft, also after a reload, and reading takes none from others", async () => {
    const localDB = await openLocalDB(), locks = new FakeLocks(), tab = new FakeSession();
    const a = page(localDB, locks, "ann", tab), b = page(localDB, locks);
    await a.storage.saveDraft("c", { text: "of a", at: 1 });
    await b.storage.saveDraft("c", { text: "of b", at: 2 });
    const seen = async (p: typeof a) => [(await p.storage.drafts()).get("c")?.text, (await p.storage.draft("c"))?.text];
    expect([await seen(a), await seen(b)]).toEqual([["of a", "of a"], ["of b", "of b"]]);
    expect(await seen(page(localDB, locks, "ann", tab))).toEqual(["of a", "of a"]); // while its lock still counts as held
    a.tabs.close();
    await flush();
    const again = page(localDB, locks), third = page(localDB, locks);
    expect([await seen(again), await seen(b)]).toEqual([["of a", "of a"], ["of b", "of b"]]);
    await third.storage.drafts();
    await third.storage.saveDraft("c", { text: "of the third", at: 3 });
    expect((await again.storage.draft("c"))!.text).toBe("of a");
  });

  test("the copy of a page that is left counts if it is newer than what reached the disk", async () => {
    const local = new FakeLocalStorage();
    vi.stubGlobal("localStorage", local);
    const localDB = await openLocalDB();
    const reply = { seq: 3, by: "bob", text: "why" };
    const a = page(localDB);
    await a.storage.saveDraft("c", { text: "beg", reply, at: 1 });
    a.storage.copyDraft("c", { text: "begun", reply, at: 2 });
    a.storage.copyDraft("d", { text: "other", at: 2 });
    expect(JSON.stringify(Object.values(local))).not.toContain("why");
    expect((await page(localDB, undefined, "bob").storage.drafts()).size).toBe(0);
    const b = page(localDB);
    expect([...await b.storage.drafts()].map(([chat, d]) => [chat, d.text, d.reply])).toEqual([["c", "begun", reply], ["d", "other", undefined]]);
    expect(Object.keys(local)).toEqual([]);
    a.storage.copyDraft("c", { text: "older", at: 1 });
    expect((await page(localDB).storage.drafts()).get("c")!.text).toBe("begun");
    a.storage.copyDraft("c", undefined); // sent
    expect([...(await page(localDB).storage.drafts()).keys()]).toEqual(["d"]);
    await (await openLocalDB()).update<object>("drafts", "", (rows) => rows.clear());
    const c = page(localDB), d = page(localDB); // a page that never stored what it derived from another one's
    await c.storage.saveDraft("c", { text: "first", at: 3 });
    c.tabs.close();
    await d.storage.draft("c");
    vi.spyOn(localDB, "update").mockRejectedValue(new Error("the page is gone"));
    await d.storage.saveDraft("c", undefined).catch(() => {});
    d.storage.copyDraft("c", undefined);
    vi.restoreAllMocks();
    expect((await page(localDB).storage.drafts()).size).toBe(0);
    a.storage.copyDraft("c", { text: "again", at: 5 });
    await a.storage.saveDraft("c", { text: "again", at: 5 }); // it reached the disk after all
    expect(Object.keys(local)).toEqual([]);
    a.storage.copyDraft("c", { text: "of one who signs out", at: 6 });
    await b.storage.clear();
    a.storage.end();
    expect([Object.keys(local), (await page(localDB).storage.drafts()).size]).toEqual([[], 0]);
  });

  test("a sent draft does not come back from a closed page", async () => {
    const localDB = await openLocalDB();
    await page(localDB).storage.saveDraft("c", { text: "begun", at: 1 });
    const later = page(localDB);
    await later.storage.draft("c");
    await later.storage.saveDraft("c", { text: "begun and ended", at: 2 });
    await later.storage.saveDraft("c", undefined);
    expect((await page(localDB).storage.drafts()).size).toBe(0);
  });
});

describe.each([["with Web Locks", new FakeLocks()], ["on plain http", undefined]])("the outbox %s", (_, locks) => {
  test("is adopted by another tab once its tab is closed, and not before", async () => {
    const localDB = await openLocalDB();
    const open = () => {
      const tabs = new Tabs(localDB, locks as unknown as LockManager | undefined);
      return { tabs, storage: new Storage(localDB, tabs, "ann") };
    };
    const a = open(), b = open();
    a.storage.put(pending("k1", a.tabs.id));
    b.storage.put(pending("k2", b.tabs.id));
    expect((await b.storage.adopt()).map((p) => p.clientId)).toEqual(["k2"]);
    a.tabs.close();
    await flush();
    expect((await b.storage.adopt()).map((p) => [p.clientId, p.tab])).toEqual([["k1", b.tabs.id], ["k2", b.tabs.id]]);
    b.storage.remove(pending("k1", b.tabs.id));
    expect((await b.storage.adopt()).map((p) => p.clientId)).toEqual(["k2"]);
    b.tabs.close();
  });
});

test("a lease expires unless it is renewed", async () => {
  const localDB = await openLocalDB("lease");
  vi.useFakeTimers({ toFake: ["Date", "setInterval", "clearInterval"] });
  const a = new Tabs(localDB, undefined), b = new Tabs(localDB, undefined);
  await a.alive();
  expect(await b.alive()).toEqual(new Set([a.id, b.id]));
  const died = vi.spyOn(a, "renew").mockResolvedValue(); // like a crash
  for (let i = 0; i < 4; i++) {
    vi.advanceTimersByTime(5000);
    await flush();
    await localDB.rows("tabs", "");
  }
  expect(died).toHaveBeenCalled();
  expect(await b.alive()).toEqual(new Set([b.id]));
  a.close();
  b.close();
});

test("positions and settings are per user; signing out keeps the settings", async () => {
  const localDB = await openLocalDB();
  const { storage } = page(localDB);
  await storage.saveScrollPosition("c", { seq: 7, offset: -12 });
  await storage.saveSetting("theme", "dark");
  await storage.saveDraft("c", { text: "x", at: 1 });
  storage.put(pending("k1", "t"));
  expect([await storage.scrollPosition("c"), await storage.scrollPosition("d"), [...await storage.settings()]]).toEqual([{ seq: 7, offset: -12 }, undefined, [["theme", "dark"]]]);
  expect(await page(localDB, undefined, "bob").storage.scrollPosition("c")).toBeUndefined();
  await storage.clear();
  expect([await storage.scrollPosition("c"), (await storage.drafts()).size, await storage.adopt(), (await storage.settings()).size]).toEqual([undefined, 0, [], 1]);
});

test("a draft that one tab sends is deleted in another that showed it, unless one of them changed it", async () => {
  const localDB = await openLocalDB(), locks = new FakeLocks();
  const a = page(localDB, locks), b = page(localDB, locks);
  await flush();
  const left = async () => [...await localDB.rows<{ text: string }>("drafts", "")].map(([, d]) => d.text);
  await a.storage.saveDraft("c", { text: "one", at: 1 });
  await b.storage.draft("c"); // b continues it
  await b.storage.saveDraft("c", undefined, "one");
  expect(await left()).toEqual([]);

  await a.storage.saveDraft("c", { text: "two", at: 2 });
  await b.storage.draft("c");
  await b.storage.saveDraft("c", { text: "something else", at: 3 });
  expect((await left()).sort()).toEqual(["something else", "two"]);
  await b.storage.saveDraft("c", undefined, "something else");
  expect(await left()).toEqual(["two"]);
  await b.storage.draft("c");
  await b.storage.saveDraft("c", { text: "two and", at: 4 });
  await b.storage.saveDraft("c", undefined, "two and more");
  expect(await left()).toEqual([]);
  await a.storage.saveDraft("c", { text: "three", at: 5 });
  await b.storage.draft("c");
  await b.storage.saveDraft("c", undefined); // deleted by the user: a still writes it
  expect(await left()).toEqual(["three"]);
});

test("edits are stored beside drafts and not listed as such", async () => {
  const localDB = await openLocalDB(), locks = new FakeLocks();
  const a = page(localDB, locks);
  await flush();
  await a.storage.saveDraft(editKey("c", 7), { text: "older", at: 1 });
  await a.storage.saveDraft(editKey("c", 12), { text: "edited", at: 2 });
  const seen = async (p: typeof a) => [(await p.storage.drafts()).size, await p.storage.unfinishedEdit("c"), await p.storage.unfinishedEdit("d"), (await p.storage.draft(editKey("c", 12)))?.text];
  expect(await seen(a)).toEqual([0, 12, undefined, "edited"]);
  expect((await seen(page(localDB, locks)))[1]).toBeUndefined(); // another tab continues it
  a.tabs.close();
  await flush();
  expect(await seen(page(localDB, locks))).toEqual([0, 12, undefined, "edited"]);
});

test("scrub keeps what signed-out users wrote and erases what they read", async () => {
  const localDB = await openLocalDB();
  const reply = { seq: 3, by: "carl", text: "a secret" };
  for (const who of ["ann", "bob"]) {
    const { storage } = page(localDB, undefined, who);
    await storage.saveDraft("c", { text: "draft", reply, at: 1 });
    storage.put({ ...pending("k", "t"), reply });
    await storage.saveScrollPosition("c", { seq: 1, offset: 0 });
  }
  const secrets = async () => [...await localDB.rows<{ reply: typeof reply }>("drafts", ""), ...await localDB.rows<{ reply: typeof reply }>("outbox", ""), ...await localDB.rows("places", "")]
    .map(([key, row]) => [key.split("/")[0], row && (row as { reply?: typeof reply }).reply?.text]);
  await flush();
  await scrub(localDB, "bob");
  expect(await secrets()).toEqual([["ann", "…"], ["bob", "a secret"], ["ann", "…"], ["bob", "a secret"], ["bob", undefined]]);
  const late = page(localDB, undefined, "bob");
  late.storage.end();
  await late.storage.saveDraft("d", { text: "the last letter", reply, at: 2 });
  await scrub(localDB);
  expect((await secrets()).map(([, text]) => text)).toEqual(["…", "…", "…", "…", "…"]);
});

test("a full disk is reported, and failed writes are retried", async () => {
  const localDB = await openLocalDB();
  let full = true;
  const edit: LocalDB["update"] = (...args) => (full && args[0] !== "tabs" ? Promise.reject(new DOMException("", "QuotaExceededError")) : localDB.update(...args));
  const tabs = new Tabs(localDB, new FakeLocks() as unknown as LockManager, new FakeSession());
  const told: unknown[] = [];
  const s: Storage = new Storage({ ...localDB, durable: true, rows: localDB.rows.bind(localDB), update: edit }, tabs, "ann", undefined, () => told.push([s.storageProblem, s.unsavedText]));
  s.put(pending("k", tabs.id));
  await expect(s.saveDraft("c", { text: "x", at: 1 })).rejects.toThrow();
  expect([s.storageProblem, s.unsavedText]).toEqual(["full", true]);
  full = false;
  await s.adopt();
  await flush();
  expect([s.storageProblem, s.unsavedText, told.at(-1)]).toEqual([undefined, false, [undefined, false]]);
  expect([(await s.adopt()).length, (await s.drafts()).get("c")?.text]).toEqual([1, "x"]);
});

test("in memory, unsent texts count as unsaved", async () => {
  vi.stubGlobal("indexedDB", undefined);
  const { storage, tabs } = page(await openLocalDB());
  expect([storage.storageProblem, storage.unsavedText]).toEqual(["memory", false]);
  storage.put(pending("k", tabs.id));
  expect(storage.unsavedText).toBe(true);
  storage.remove(pending("k", tabs.id));
  expect(storage.unsavedText).toBe(false);
});

test("clear erases everything and ignores later writes", async () => {
  const localDB = await openLocalDB();
  const { storage } = page(localDB);
  await storage.saveDraft("c", { text: "x", at: 1 });
  await storage.clear();
  await storage.saveDraft("c", { text: "x and a last letter", at: 2 });
  expect((await localDB.rows("drafts", "")).size).toBe(0);
});

test("the files of an unsent message are kept by it, through a reload, and go with it or with the user", async () => {
  const localDB = await openLocalDB();
  const tabs = new Tabs(localDB);
  const s = new Storage(localDB, tabs, "ann");
  const file = (key: string) => ({ key, name: key, type: "", size: 5 });
  for (const id of ["m1", "m2"]) {
    s.put({ ...pending(id, tabs.id), files: [file("a"), file("b")] });
    for (const key of ["a", "b"]) s.putFile(id, key, new Blob([id + key]));
  }
  await vi.waitFor(async () => expect((await localDB.rows("files", "")).size).toBe(4));
  const later = new Storage(await openLocalDB(), tabs, "ann");
  expect([await (await later.file("m1", "b"))?.text(), await later.file("m1", "c")]).toEqual(["m1b", undefined]);
  expect((await later.adopt()).map((p) => p.files?.length)).toEqual([2, 2]);
  later.remove({ ...pending("m1", tabs.id), files: [file("a"), file("b")] });
  await vi.waitFor(async () => expect([...(await localDB.rows("files", "")).keys()]).toEqual(["ann/m2/a", "ann/m2/b"]));
  await vi.waitFor(async () => expect([...(await localDB.rows("outbox", "")).keys()]).toEqual(["ann/m2"]));
  await later.clear();
  expect((await localDB.rows("files", "")).size).toBe(0);
});

test("a page that cannot store a file says so, until the file is sent", async () => {
  const localDB = await openLocalDB();
  const full: LocalDB = { ...localDB, durable: true, rows: (t, p) => localDB.rows(t, p), update: (t, p, change) => (t === "files" ? Promise.reject(new DOMException("full", "QuotaExceededError")) : localDB.update(t, p, change)) };
  const s = new Storage(full, new Tabs(localDB), "ann");
  s.putFile("m1", "a", new Blob(["x"]));
  await vi.waitFor(() => expect([s.storageProblem, s.unsavedText]).toEqual(["full", true]));
  s.remove({ ...pending("m1", "t"), files: [{ key: "a", name: "a", type: "", size: 1 }] });
  await vi.waitFor(() => expect(s.unsavedText).toBe(false));
});
