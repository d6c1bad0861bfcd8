// No message is lost: with a server that crashes, lost replies, reloads and ended sessions, and what
// the page shows meanwhile.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { decodeMulti, encode } from "@msgpack/msgpack";
import { api, field, holds, testEnvironment, kept, phone, press, row, say, sent, test, texts, wake } from "./kit.mjs";

const run = promisify(execFile);
let ann, bob, room;
const h = testEnvironment(async (h) => {
  ann = await h.signedIn("Ann");
  bob = await h.signedIn("Bob", phone);
  room = await h.chat("Garden", ann, bob);
});

const banner = (page, text) => page.locator(".connection-banner").getByText(text).waitFor();
const calm = (page) => page.locator(".connection-banner").waitFor({ state: "detached", timeout: 60_000 });
const pending = (page, text) => page.locator(".message[data-pending]", { hasText: text });
/** Returns the texts of a chat's log. */
const logOf = async (page, id) => (await api(page, "GET", `/api/chats/${id}/messages?limit=200`)).messages.map((m) => m.text);
/** Stops the server, runs meanwhile(), and starts it again. */
async function away(signal, meanwhile) {
  h.down = true;
  await h.parley.stop(signal);
  await meanwhile();
  await h.parley.start();
  for (const p of [ann, bob]) await wake(p);
  for (const p of [ann, bob]) await calm(p);
  h.down = false;
}
/** Opens another tab behind a proxy: change returns the values to pass on in place of a message's, or undefined to hold it back. */
async function wired(page, { up = (all) => all, down = (all) => all }) {
  const tab = await h.watch(await page.context().newPage());
  await tab.routeWebSocket(/\/api\/socket/, (ws) => {
    const server = ws.connectToServer();
    const pass = (to, change) => (m) => {
      const values = change([...decodeMulti(m)], ws);
      if (values?.length) to.send(Buffer.concat(values.map((v) => encode(v))));
    };
    ws.onMessage(pass(server, up));
    server.onMessage(pass(ws, down));
  });
  await tab.goto(h.at(`/c/${room}`));
  await field(tab).waitFor();
  return tab;
}

test("after a server crash both pages reconnect, and each unsent message arrives once", async () => {
  for (const p of [ann, bob]) await p.getByText(/^No messages yet/).waitFor();
  await away("SIGKILL", async () => {
    for (const p of [ann, bob]) await banner(p, /Can't reach the server.*(Retrying in|Connecting)/);
    const [strip, header] = await Promise.all([bob.locator(".connection-banner").boundingBox(), bob.locator(".conversation > header").boundingBox()]);
    assert.ok(header.y >= strip.y + strip.height, "the banner covers the header");
    await say(bob, "Written in the dark");
    await pending(bob, "Written in the dark").getByText("Waiting for connection").waitFor();
    await h.shot(bob, "offline-360");
    await h.shot(ann, "offline-1280");
  });
  await sent(bob, "Written in the dark");
  await texts(ann, "Written in the dark").waitFor();
  await say(ann, "Light again");
  await texts(bob, "Light again").waitFor();
  await ann.reload();
  await texts(ann, "Light again").waitFor();
  for (const p of [ann, bob]) assert.equal(await texts(p, "Written in the dark").count(), 1);
});

test("two browsers and curl write while the server is killed repeatedly: both pages equal the log", async () => {
  const id = await h.chat("Storm", ann, bob);
  const { token } = await bob.evaluate(async () => (await fetch("/api/sessions", { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ handle: "bob", password: "correct horse" }) })).json());
  const each = 20, kills = 3;
  const curled = async () => {
    for (let i = 1; i <= each; i++) {
      const body = JSON.stringify({ clientId: `curl-${i}`, text: `Curl ${i}` });
      for (let code = ""; !/^20[01]$/.test(code); ) {
        ({ stdout: code } = await run("curl", ["-s", "-o", "/dev/null", "-w", "%{http_code}", "-H", `Authorization: Bearer ${token}`, "-H", "Content-Type: application/json", "-d", body, h.at(`/api/chats/${id}/messages`)]).catch(() => ({ stdout: "" })));
      }
    }
  };
  const written = async (page, name) => {
    for (let i = 1; i <= each; i++) {
      await field(page).fill(`${name} ${i}`);
      await field(page).press("Enter");
    }
  };
  const all = Promise.all([curled(), written(ann, "Ann"), written(bob, "Bob")]);
  h.down = true;
  for (let i = 1; i <= kills; i++) {
    await texts(ann, `Curl ${i * 4}`).waitFor(); // in the middle of the writing
    await h.parley.stop("SIGKILL");
    await h.parley.start();
    for (const p of [ann, bob]) await wake(p); // skip the backoff
  }
  await all;
  for (const p of [ann, bob]) await p.waitForFunction((n) => document.querySelectorAll(".message[data-seq]").length === n && !document.querySelector("[data-pending]"), 3 * each, { timeout: 90_000 });
  for (const p of [ann, bob]) await calm(p);
  h.down = false;
  const log = await logOf(ann, id);
  for (const name of ["Ann", "Bob", "Curl"]) assert.deepEqual(log.filter((t) => t.startsWith(name)), Array.from({ length: each }, (_, i) => `${name} ${i + 1}`));
  for (const p of [ann, bob]) assert.deepEqual(await p.locator(".message[data-seq] .message-body").allInnerTexts(), log);
  for (const p of [ann, bob]) await p.goto(h.at(`/c/${room}`));
});

test("a connection that is cut a hundred times between commit and reply posts each message once", async () => {
  const id = await h.chat("Cuts", bob);
  let cuts = 0, posted = false;
  const tab = await wired(bob, {
    up: (all) => {
      posted ||= all.some((v) => v.do === "post");
      return all;
    },
    down: (all, ws) => {
      if (!posted || cuts === 100 || !all.some((v) => v.event === "posted" || v.ok?.seq)) return all;
      posted = false;
      cuts++;
      ws.close({ code: 4001, reason: "too slow retryAfterMs=1" });
      return undefined; // neither the reply nor the event
    },
  });
  await tab.goto(h.at(`/c/${id}`));
  await field(tab).waitFor();
  const want = Array.from({ length: 100 }, (_, i) => `Cut ${i + 1}`);
  for (const text of want) {
    await field(tab).fill(text);
    await field(tab).press("Enter");
  }
  await tab.waitForFunction(() => document.querySelectorAll(".message[data-seq]").length === 100 && !document.querySelector("[data-pending]"), undefined, { timeout: 120_000 });
  assert.equal(cuts, 100);
  assert.deepEqual(await logOf(bob, id), want);
  assert.deepEqual(await tab.locator(".message[data-seq] .message-body").allInnerTexts(), want);
  await tab.close();
  await bob.goto(h.at(`/c/${room}`));
});

test("unsent messages survive a reload and their tab", async () => {
  let cut = true;
  const up = (all) => (cut ? all.filter((v) => v.do !== "post") : all); // posts never reach the server
  const tab = await wired(bob, { up });
  await say(tab, "Kept one");
  await say(tab, "Kept two");
  await kept(tab, "outbox", (p) => p.text, ["Kept one", "Kept two"]);
  await tab.reload();
  await pending(tab, "Kept two").waitFor();
  cut = false;
  await tab.reload();
  for (const text of ["Kept one", "Kept two"]) {
    await sent(tab, text);
    await texts(ann, text).waitFor();
  }
  cut = true;
  await say(tab, "Kept three");
  await kept(tab, "outbox", (p) => p.text, ["Kept three"]);
  await tab.close(); // another tab of Bob's adopts it
  await row(bob, "Kept three").and(bob.locator("[data-seq]")).waitFor({ timeout: 60_000 });
  await texts(ann, "Kept three").waitFor();
  assert.deepEqual((await logOf(ann, room)).filter((t) => t.startsWith("Kept")), ["Kept one", "Kept two", "Kept three"]);
});

test("a refused message is marked, unblocks the next ones, and can be edited, retried or discarded", async () => {
  let refuse = true;
  const down = [];
  const tab = await wired(bob, {
    up: (all) => all.filter((v) => {
      if (v.do !== "post" || !refuse || !v.text.startsWith("Bad")) return true;
      down.push({ re: v.id, error: { code: "text_too_long", message: "This house wants short words." } });
      return false;
    }).concat({ id: 0, do: "ping" }), // its reply carries the refusal
    down: (all) => [...down.splice(0), ...all.filter((v) => v.re !== 0)],
  });
  for (const text of ["Bad one", "Bad two", "Bad three", "Good one"]) await say(tab, text);
  await sent(tab, "Good one");
  for (const text of ["Bad one", "Bad two", "Bad three"]) await pending(tab, text).getByText("Not sent: This house wants short words.").waitFor();
  await h.shot(tab, "refused-360");
  await pending(tab, "Bad one").getByRole("button", { name: "Discard" }).click();
  await pending(tab, "Bad one").waitFor({ state: "detached" });
  await field(tab).fill("and more");
  await pending(tab, "Bad two").getByRole("button", { name: "Edit" }).click();
  await pending(tab, "Bad two").waitFor({ state: "detached" });
  await holds(tab, "Bad two\nand more");
  await kept(tab, "drafts", (d) => d.text, ["Bad two\nand more"]);
  await kept(tab, "outbox", (p) => p.text, ["Bad three"]);
  await tab.reload(); // it stays marked, and the draft stays
  await pending(tab, "Bad three").getByText(/^Not sent/).waitFor();
  await holds(tab, "Bad two\nand more");
  refuse = false;
  await pending(tab, "Bad three").getByRole("button", { name: "Try again" }).press("Enter"); // a click is ignored while the row moves
  await sent(tab, "Bad three");
  await field(tab).fill("");
  await kept(tab, "drafts", (d) => d.text, []); // closing a tab from here gives its page no last word
  assert.deepEqual((await logOf(ann, room)).filter((t) => /^(Bad|Good)/.test(t)), ["Good one", "Bad three"]);
  await tab.close();
});

test("draft and outbox survive the end of a session", async () => {
  const tab = await h.newBrowser();
  await tab.goto(h.at(`/c/${room}`));
  const enter = async () => {
    await tab.getByLabel("Handle").fill("bob");
    await tab.getByLabel("Password", { exact: true }).fill("correct horse");
    await press(tab, "Sign in");
    await field(tab).waitFor();
  };
  await enter();
  await sent(tab, "Good one");
  h.down = true; // browsers log failed sockets to the console
  await tab.context().setOffline(true);
  await tab.evaluate(() => dispatchEvent(new Event("offline")));
  await banner(tab, /^You're offline/);
  await say(tab, "Said before the end");
  await field(tab).fill("a thought at the end");
  await pending(tab, "Said before the end").waitFor();
  const { sessions } = await api(bob, "GET", "/api/sessions");
  for (const s of sessions) if (!s.current) await api(bob, "DELETE", `/api/sessions/${s.id}`, { password: "correct horse" });
  await tab.context().setOffline(false);
  await banner(tab, /^You were signed out/);
  await h.shot(tab, "signed-out-1280");
  h.down = false;
  await enter();
  await sent(tab, "Said before the end");
  await holds(tab, "a thought at the end");
  await tab.locator(".connection-banner").waitFor({ state: "detached" });
  await texts(ann, "Said before the end").waitFor();
  await tab.context().close();
});

test("signing out asks first if there are unsent texts", async () => {
  const tab = await h.newBrowser(phone);
  await tab.goto(h.at("/"));
  await api(tab, "POST", "/api/sessions", { handle: "bob", password: "correct horse", cookie: true });
  await tab.goto(h.at(`/c/${room}`));
  await sent(tab, "Good one");
  h.down = true;
  await tab.context().setOffline(true);
  await banner(tab, /^You're offline/);
  await say(tab, "Not yet sent");
  await pending(tab, "Not yet sent").waitFor();
  await press(tab, "All chats");
  const leave = async () => {
    await press(tab, "Menu");
    await tab.getByRole("menuitem", { name: "Sign out" }).click();
    await tab.getByRole("alertdialog").getByText(/^You have messages that weren't sent/).waitFor();
  };
  await leave();
  await h.accessible(tab, "sign-out");
  await press(tab, "Cancel");
  await tab.getByRole("alertdialog").waitFor({ state: "detached" });
  await kept(tab, "outbox", (p) => p.text, ["Not yet sent"]);
  await leave();
  await tab.context().setOffline(false);
  await calm(tab);
  h.down = false;
  await texts(ann, "Not yet sent").waitFor();
  await kept(tab, "outbox", (p) => p.text, []);
  await tab.getByRole("alertdialog").getByText("Everything was sent.").waitFor(); // only the button signs out
  await press(tab, "Cancel");
  await tab.getByRole("alertdialog").waitFor({ state: "detached" });
  await press(tab, "Menu");
  await tab.getByRole("menuitem", { name: "Sign out" }).click(); // nothing is lost: nothing is asked
  await tab.getByRole("button", { name: "Sign in", exact: true }).waitFor();
  await tab.context().close();
});

test("unsent messages of a chat that removed their author can be copied and discarded", async () => {
  const id = await h.chat("Shed", ann, bob);
  await bob.context().grantPermissions(["clipboard-read", "clipboard-write"]);
  const { user } = await api(bob, "GET", "/api/me");
  h.down = true;
  await bob.context().setOffline(true);
  await bob.evaluate(() => dispatchEvent(new Event("offline")));
  await banner(bob, /^You're offline/);
  for (const text of ["Where is *my* rake?", "And the hose?"]) await say(bob, text);
  await kept(bob, "outbox", (p) => p.text, ["And the hose?", "Where is *my* rake?"]);
  await api(ann, "DELETE", `/api/chats/${id}/members/${user.id}`);
  await bob.context().setOffline(false);
  await calm(bob);
  h.down = false;
  await bob.getByRole("heading", { name: /^You're no longer in this chat/ }).waitFor();
  const unsent = bob.getByRole("region", { name: "Not sent" });
  await unsent.getByText("And the hose?", { exact: true }).waitFor();
  await h.accessible(bob, "removed");

  await press(bob, "Back to chats"); // away from the unsent message
  const leave = async () => {
    await press(bob, "Menu");
    await bob.getByRole("menuitem", { name: "Sign out" }).click();
  };
  await leave();
  await bob.getByRole("alertdialog").getByRole("button", { name: "Show messages" }).click();
  const rake = unsent.getByRole("listitem").filter({ hasText: "Where is my rake?" });
  await rake.getByRole("button", { name: "Copy text" }).click();
  await bob.getByText("Copied", { exact: true }).waitFor();
  assert.equal(await bob.evaluate(() => navigator.clipboard.readText()), "Where is *my* rake?");
  await rake.getByRole("button", { name: "Discard" }).click();
  await rake.waitFor({ state: "detached" });
  await bob.reload(); // it survives a reload until it is discarded
  await unsent.getByText("And the hose?", { exact: true }).waitFor();
  await unsent.getByRole("button", { name: "Discard" }).press("Enter");
  await unsent.waitFor({ state: "detached" });
  await kept(bob, "outbox", (p) => p.text, []);
  assert.deepEqual(await logOf(ann, id), []);
  await press(bob, "Back to chats");
  await leave(); // nothing is lost: nothing is asked
  await bob.getByRole("button", { name: "Sign in", exact: true }).waitFor();
  await api(bob, "POST", "/api/sessions", { handle: "bob", password: "correct horse", cookie: true });
  for (const p of [ann, bob]) await p.goto(h.at(`/c/${room}`));
  await field(bob).waitFor();
});

test("draft and outbox survive a browser crash", async () => {
  const folder = await mkdtemp(join(tmpdir(), "parley-browser-"));
  const start = async () => {
    const browser = await h.kept(folder);
    const page = await h.watch(await browser.newPage());
    await page.goto(h.at("/"));
    await api(page, "POST", "/api/sessions", { handle: "bob", password: "correct horse", cookie: true }); // browsers write cookies to disk half a minute late
    return { page, kill: () => h.kill(browser) };
  };
  try {
    const first = await start();
    await first.page.routeWebSocket(/\/api\/socket/, (ws) => {
      const server = ws.connectToServer();
      ws.onMessage((m) => [...decodeMulti(m)].some((v) => v.do === "post") || server.send(m)); // posts never reach the server
      server.onMessage((m) => ws.send(m));
    });
    await first.page.goto(h.at(`/c/${room}`));
    await sent(first.page, "Good one");
    await say(first.page, "Said before the kill");
    await field(first.page).fill("a thought before the kill");
    await kept(first.page, "outbox", (p) => p.text, ["Said before the kill"]);
    await kept(first.page, "drafts", (d) => d.text, ["a thought before the kill"]);
    await first.kill();
    const { page, kill } = await start();
    await page.goto(h.at(`/c/${room}`));
    await sent(page, "Said before the kill");
    await holds(page, "a thought before the kill");
    await texts(ann, "Said before the kill").waitFor();
    assert.equal((await logOf(ann, room)).filter((t) => t === "Said before the kill").length, 1);
    await kill();
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

h.noFaults();
