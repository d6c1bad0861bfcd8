import "fake-indexeddb/auto";
import { beforeEach, expect, test, vi } from "vitest";
import { user } from "./testkit/log.ts";
import { fakeBrowser, page, pass } from "./testkit/page.ts";
import { lineOf } from "./testkit/wire.ts";

fakeBrowser();
let stored: Map<string, string>;
beforeEach(() => {
  stored = new Map();
  vi.stubGlobal("localStorage", { getItem: (k: string) => stored.get(k) ?? null, setItem: (k: string, v: string) => void stored.set(k, v), removeItem: (k: string) => void stored.delete(k) });
});

/** Opens a page that waits for who is signed in. */
async function waiting() {
  let answer!: (v: unknown) => void;
  const said = new Promise((ok) => (answer = ok));
  const it = await page({ "GET /me": () => said });
  return { ...it, answers: async (v: unknown) => (answer(v), pass()) };
}
/** Opens a page whose user stays signed in, and closes it. */
async function signedInBefore() {
  const it = await page();
  it.core.close();
  await pass();
}
const nobody = { error: { code: "no_identity", message: "sign in" } };

test("where a user was signed in, a page connects while it asks who is", async () => {
  await signedInBefore();
  const it = await waiting();
  expect(it.wires).toHaveLength(1);
  it.wire().opens();
  expect(it.wire().got).toEqual([]);
  await it.answers({ user: user("me") });
  expect(it.wires).toHaveLength(1);
  expect(it.wire().got).toMatchObject([{ do: "hello", as: "me" }, { do: "resume" }]);
});

test("it says hello later if the answer comes before the connection", async () => {
  await signedInBefore();
  const it = await waiting();
  await it.answers({ user: user("me") });
  expect([it.wires.length, lineOf(it.core.store.snapshot.connection)]).toEqual([1, "connecting"]);
  it.wire().opens();
  expect(it.wire().last("hello")).toMatchObject({ as: "me" });
});

test("a connection that closes before the answer is replaced", async () => {
  await signedInBefore();
  const it = await waiting();
  it.wire().opens();
  it.wire().breaks();
  await it.answers({ user: user("me") });
  expect(it.wires).toHaveLength(2);
  it.wire().opens();
  expect(it.wire().last("hello")).toMatchObject({ as: "me" });
});

test("a connection that nobody needs is closed, but not before it is open", async () => {
  for (const [opens, answer] of [[true, nobody], [false, nobody], [true, new Error("no network")]] as const) {
    await signedInBefore();
    const it = await waiting();
    if (opens) it.wire().opens();
    await it.answers(answer);
    expect(it.wire().closed).toBe(opens);
    if (!opens) it.wire().opens();
    expect([it.wire().closed, it.wire().got]).toEqual([true, []]);
    await pass(6000); // asks again if the server did not answer
    expect(it.wires).toHaveLength(1);
  }
});

test("where nobody is signed in, a page connects after a sign-in", async () => {
  const out = async () => (await waiting()).wires.length;
  expect(await out()).toBe(0);
  await signedInBefore();
  const it = await page();
  const done = it.core.signOut();
  await pass();
  await done;
  expect(await out()).toBe(0);
  await signedInBefore();
  (await page()).wire().breaks(4501); // the session ended elsewhere
  expect(await out()).toBe(0);
  await signedInBefore();
  await (await waiting()).answers(nobody);
  expect(await out()).toBe(0);
});

test("a page whose user is no longer that of the cookie leaves it to that user's pages to connect early", async () => {
  let asked = 0;
  const it = await page({ "GET /me": () => ({ user: user(asked++ ? "ann" : "me") }) });
  it.wire().opens();
  it.wire().says({ re: 1, error: { code: "no_identity", message: "another user", field: "as" } });
  await pass();
  expect([it.core.store.snapshot.phase, it.wires.length]).toEqual(["otherUser", 1]);
  expect((await waiting()).wires).toHaveLength(1);
});

test("a browser that blocks its storage connects after the answer", async () => {
  vi.stubGlobal("localStorage", { getItem: () => null, setItem: () => { throw new Error("full"); }, removeItem: () => { throw new Error("full"); } });
  await signedInBefore();
  const it = await waiting();
  expect(it.wires).toHaveLength(0);
  await it.answers({ user: user("me") });
  expect(it.wires).toHaveLength(1);
});
