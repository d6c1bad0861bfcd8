// The page in a real browser against a real server. Run: npm ci, then
// PARLEY_BIN=path/to/parley npm test. The browser is CHROMIUM or /usr/bin/chromium;
// screenshots go to PARLEY_SHOTS or a folder that the last line names.
import assert from "node:assert/strict";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { chromium } from "playwright-core";
import { Parley } from "./parley.mjs";

const parley = new Parley();
const faults = []; // console errors and policy violations that nobody expected
let browser, shots, ann, bob, room, inviteLink, greeting;
let down = false; // the server is meant to be away

before(async () => {
  await parley.start();
  shots = process.env.PARLEY_SHOTS ?? (await mkdtemp(join(tmpdir(), "parley-shots-")));
  browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
  });
});

after(async () => {
  await browser?.close();
  await parley.remove();
  console.log(`screenshots: ${shots}`);
});

/** A person with a browser of their own. */
async function person(options = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, locale: "en-GB", ...options });
  return watched(await context.newPage());
}

async function watched(page) {
  page.setDefaultTimeout(10000);
  page.on("pageerror", (e) => faults.push(`${page.url()}: ${e}`));
  page.on("console", (m) => {
    if (m.type() !== "error") return;
    const of = m.location().url;
    if (/\/api\/(me|accounts|sessions)$/.test(of) && / 4\d\d /.test(m.text())) return; // refusals that the page shows itself
    if (down && /ERR_CONNECTION|WebSocket/.test(m.text())) return;
    faults.push(`${page.url()}: ${m.text()} (${of})`);
  });
  await page.addInitScript(() => {
    document.addEventListener("securitypolicyviolation", (e) => console.error(`policy: ${e.violatedDirective} ${e.blockedURI} ${e.sample}`));
  });
  return page;
}

const at = (path) => new URL(path, parley.url).href;
const fill = async (page, values) => {
  for (const [label, value] of Object.entries(values)) await page.getByLabel(label, { exact: true }).fill(value);
};
const press = (page, name) => page.getByRole("button", { name, exact: true }).click();
const texts = (page, text) => page.getByRole("log").getByText(text, { exact: true });
const row = (page, text) => page.locator(".message", { has: page.getByText(text, { exact: true }) });
const say = async (page, text) => {
  await page.getByLabel("Message", { exact: true }).fill(text);
  await page.keyboard.press("Enter");
};
const shot = (page, name) => page.screenshot({ path: join(shots, `${name}.png`) });
const wide = (page) => page.evaluate(() => document.documentElement.scrollWidth > innerWidth);
/** The page is live: the banner is away and the message has its number. */
const sent = (page, text) => page.locator(".message[data-seq]", { has: page.getByText(text, { exact: true }) }).waitFor();

test("the owner's link makes the owner, who lands in General", async () => {
  ann = await person();
  await ann.goto(parley.setup);
  await ann.getByRole("heading", { name: "Set up your server", exact: true }).waitFor();
  await press(ann, "Start");
  await ann.getByText("Please fill this in.").waitFor();
  await fill(ann, { "Name of the server": "Our house", "Your name": "Ann", Handle: "ann", Password: "short" });
  await press(ann, "Start");
  await ann.getByText("Password must have", { exact: false }).waitFor();
  assert.equal(await ann.getByLabel("Password", { exact: true }).getAttribute("aria-invalid"), "true");
  await shot(ann, "setup-1280");
  await fill(ann, { Password: "correct horse" });
  await press(ann, "Start");
  await ann.getByRole("heading", { name: "General", exact: true }).waitFor();
  assert.equal(new URL(ann.url()).hash, "");
  await say(ann, "Welcome");
  await sent(ann, "Welcome");
});

test("a chat is made and its invite brings a second person", async () => {
  await press(ann, "New");
  await fill(ann, { Title: "Garden" });
  await press(ann, "Make chat");
  await ann.getByRole("heading", { name: "Garden", exact: true }).waitFor();
  room = new URL(ann.url()).pathname.slice(3);
  await press(ann, "Invite");
  await ann.getByText("Whoever has this link", { exact: false }).waitFor();
  inviteLink = await ann.getByLabel("Invite link").inputValue();
  await ann.keyboard.press("Escape");
  assert.equal(new URL(inviteLink).host, new URL(parley.url).host);

  bob = await person({ viewport: { width: 360, height: 740 } });
  await bob.goto(inviteLink);
  await bob.getByRole("heading", { name: "Ann invites you to Garden", exact: true }).waitFor();
  await fill(bob, { "Your name": "Bob", Handle: "ann", Password: "battery staple" });
  await press(bob, "Join");
  assert.equal(await bob.locator("[aria-invalid]").getAttribute("name"), "handle"); // taken
  await shot(bob, "invite-360");
  assert.equal(await wide(bob), false);
  await fill(bob, { Handle: "bob" });
  await press(bob, "Join");
  await bob.getByRole("heading", { name: "Garden", exact: true }).waitFor();
});

test("both talk, and text is text", async () => {
  await say(ann, "Hello @bob, <b>mind</b> the gate");
  await texts(bob, "Hello @bob, <b>mind</b> the gate").waitFor();
  assert.equal(await bob.locator(".text b").count(), 0);
  greeting = Number(await bob.locator(".message").first().getAttribute("data-seq"));
  await say(bob, "It is shut");
  await texts(ann, "It is shut").waitFor();
  await row(ann, "It is shut").hover();
  await row(ann, "It is shut").getByRole("button", { name: "Actions" }).click();
  await ann.getByRole("button", { name: "React with 👍" }).click();
  await bob.getByRole("button", { name: "👍 1" }).waitFor();
  await row(bob, "It is shut").getByRole("button", { name: "👍 1" }).click();
  await ann.getByRole("button", { name: "👍 2" }).waitFor();
  await row(bob, "Hello @bob, <b>mind</b> the gate").getByRole("button", { name: "Actions" }).click();
  await press(bob, "Reply");
  await say(bob, "I do");
  await ann.locator(".quote", { hasText: "mind" }).waitFor();
});

test("an unread chat has a count until it is looked at", async () => {
  await ann.getByRole("link", { name: "General" }).click();
  await say(bob, "Anybody?");
  await ann.getByRole("link", { name: /Garden.*1 unread/ }).click();
  await texts(ann, "Anybody?").waitFor();
  await ann.getByText("New", { exact: true }).last().waitFor();
  await ann.getByRole("link", { name: /Garden/ }).locator(".count").waitFor({ state: "detached" });
});

test("one's own message is edited and deleted", async () => {
  await say(bob, "Tomatos are ripe");
  await sent(bob, "Tomatos are ripe");
  await row(bob, "Tomatos are ripe").getByRole("button", { name: "Actions" }).click();
  await press(bob, "Edit");
  await bob.getByLabel("Edit message").fill("Tomatoes are ripe");
  await bob.keyboard.press("Enter");
  await ann.locator(".text", { hasText: "Tomatoes are ripe (edited)" }).waitFor();
  await say(bob, "Oops");
  await sent(bob, "Oops");
  await row(bob, "Oops").getByRole("button", { name: "Actions" }).click();
  await press(bob, "Delete");
  await press(bob, "Delete");
  await row(ann, "Oops").waitFor({ state: "detached" });
  await ann.getByText("Message deleted", { exact: true }).first().waitFor();
});

/** Posts "NAME 1" to "NAME n" as the page's user, without the page. */
const post = (page, n, name, replyTo) => page.evaluate(async ([id, n, name, replyTo]) => {
  for (let i = 1; i <= n; i++) {
    const body = JSON.stringify({ clientId: `${name}-${i}`, text: `${name} ${i}`, replyTo });
    const answer = await fetch(`/api/chats/${id}/messages`, { method: "POST", headers: { "Content-Type": "application/json" }, body });
    if (!answer.ok) throw new Error(await answer.text());
  }
}, [room, n, name, replyTo]);

test("scrolling back reaches the beginning of 120 messages, in order", async () => {
  await post(ann, 120, "Row");
  await texts(bob, "Row 120").waitFor();
  await bob.reload();
  await texts(bob, "Row 120").waitFor();
  assert.equal(await texts(bob, "Row 1").count(), 0);
  // What one reads stays where it is while older messages come above it.
  const moved = await bob.getByRole("log").evaluate(async (log) => {
    const first = log.querySelector("[data-seq]");
    const grown = new Promise((ok) => new MutationObserver(() => log.querySelector("[data-seq]") !== first && ok()).observe(log, { subtree: true, childList: true }));
    log.scrollTop = 200;
    const edge = log.getBoundingClientRect().top;
    const read = [...log.querySelectorAll("[data-seq]")].find((m) => m.getBoundingClientRect().top > edge);
    const was = read.getBoundingClientRect().top;
    await grown;
    return read.getBoundingClientRect().top - was;
  });
  assert.ok(Math.abs(moved) < 2, `it moved by ${moved} px`);
  await bob.getByRole("log").hover();
  for (let i = 0; i < 200 && !(await bob.getByText("This is where the chat begins.").count()); i++) await bob.mouse.wheel(0, -1500);
  await texts(bob, "Row 1").waitFor();
  const numbers = await bob.locator(".message[data-seq]").evaluateAll((all) => all.map((m) => Number(m.dataset.seq)));
  assert.deepEqual(numbers, [...new Set(numbers)].sort((a, b) => a - b));
  const rows = (await bob.locator(".message .text").allTextContents()).filter((t) => t.startsWith("Row "));
  assert.deepEqual(rows, Array.from({ length: 120 }, (_, i) => `Row ${i + 1}`));
});

test("a reload keeps the chat and the place in it", async () => {
  await texts(bob, "Row 31").scrollIntoViewIfNeeded();
  await bob.waitForFunction(() => history.state?.at > 0);
  await bob.waitForTimeout(400); // past the page's own pause before it notes the place
  const top = () => bob.evaluate(() => {
    const log = document.querySelector("[role=log]");
    const edge = log.getBoundingClientRect().top;
    return [...log.querySelectorAll("[data-seq]")].find((m) => m.getBoundingClientRect().bottom > edge + 12)?.dataset.seq;
  });
  const was = Number(await top());
  await bob.reload();
  await bob.locator(`[data-seq="${was}"]`).waitFor();
  assert.equal(new URL(bob.url()).pathname, `/c/${room}`);
  await bob.waitForTimeout(300); // pages on both sides have come
  assert.ok(Math.abs(Number(await top()) - was) <= 1, `${await top()} is not about ${was}`);
  await press(bob, "Latest ↓");
  await texts(bob, "Row 120").waitFor();
});

test("a chat with much news opens at the first of it, and a quote leads to its message", async () => {
  await press(bob, "Back to the chats");
  await post(ann, 80, "News", greeting);
  await bob.getByRole("link", { name: /Garden 80 unread/ }).click();
  await texts(bob, "News 1").waitFor();
  assert.ok(await bob.locator(".divider.new").evaluate((e) => e.getBoundingClientRect().top > 0 && e.getBoundingClientRect().top < innerHeight));
  await press(bob, "Latest ↓");
  await texts(bob, "News 80").waitFor();
  await row(bob, "News 80").locator(".quote").click();
  await texts(bob, "It is shut").waitFor();
  assert.ok(await bob.locator(`[data-seq="${greeting}"]`).evaluate((e) => e.getBoundingClientRect().top > 0));
  await press(bob, "Latest ↓");
  await texts(bob, "News 80").waitFor();
});

test("after a kill both come back, and what was written meanwhile arrives once", async () => {
  down = true;
  await parley.stop("SIGKILL");
  await Promise.all([ann, bob].map((p) => p.getByText("Not connected.", { exact: false }).waitFor()));
  await say(bob, "Written in the dark");
  await bob.locator(".pending").getByText("sending…").waitFor();
  await shot(bob, "offline-360");
  await parley.start();
  for (const p of [ann, bob]) {
    await p.getByText("Not connected.", { exact: false }).or(p.getByText("Connecting…")).first().waitFor({ state: "hidden", timeout: 30000 });
  }
  down = false;
  await sent(bob, "Written in the dark");
  await texts(ann, "Written in the dark").waitFor();
  await say(ann, "Light again");
  await texts(bob, "Light again").waitFor();
  for (const p of [ann, bob]) assert.equal(await texts(p, "Written in the dark").count(), 1);
  await ann.reload();
  await texts(ann, "Light again").waitFor();
  assert.equal(await texts(ann, "Written in the dark").count(), 1);
});

test("a post is sent again after a lost acknowledgement, and is one message", async () => {
  const tab = await watched(await bob.context().newPage());
  let posts = 0; // how often the page sent it
  let lose = true;
  await tab.routeWebSocket(/\/api\/socket/, (ws) => {
    const server = ws.connectToServer();
    const held = [];
    ws.onMessage((m) => {
      if (m.includes('"do":"post"')) posts++;
      server.send(m);
      // Events wait for the second try: else the first of them would tell that none is needed.
      if (posts === 2) for (const line of held.splice(0)) ws.send(line);
    });
    server.onMessage((m) => {
      if (posts === 1 && lose) {
        lose = !/"seq":/.test(m); // the answer or the event: neither gets through
        if (!lose) ws.close({ code: 4001, reason: "too slow retryAfterMs=10" });
        return;
      }
      for (const line of m.split("\n").filter(Boolean)) {
        if (posts === 1 && line.includes('"event":')) held.push(line);
        else ws.send(line);
      }
    });
  });
  await tab.goto(at(`/c/${room}`));
  await texts(tab, "Light again").waitFor();
  await say(tab, "Said once");
  await sent(tab, "Said once");
  assert.equal(posts, 2);
  await texts(ann, "Said once").waitFor();
  await sent(bob, "Said once");
  for (const p of [tab, bob, ann]) assert.equal(await texts(p, "Said once").count(), 1);
  await tab.close();
});

test("what was not sent outlives a reload", async () => {
  const tab = await watched(await bob.context().newPage());
  let cut = true;
  await tab.routeWebSocket(/\/api\/socket/, (ws) => {
    const server = ws.connectToServer();
    ws.onMessage((m) => {
      if (cut && m.includes('"do":"post"')) return; // it never reaches the server
      server.send(m);
    });
  });
  await tab.goto(at(`/c/${room}`));
  await texts(tab, "Said once").waitFor();
  await say(tab, "Kept");
  await tab.locator(".pending").getByText("Kept").waitFor();
  cut = false;
  await tab.reload();
  await sent(tab, "Kept");
  await texts(ann, "Kept").waitFor();
  assert.equal(await texts(ann, "Kept").count(), 1);
  await tab.close();
});

test("open chats are found and joined, members are listed", async () => {
  await press(ann, "New");
  await fill(ann, { Title: "Kitchen" });
  await ann.getByLabel("Open: anybody here may find and join it").check();
  await press(ann, "Make chat");
  await ann.getByRole("heading", { name: "Kitchen", exact: true }).waitFor();
  await press(bob, "Back to the chats");
  await press(bob, "Browse");
  await press(bob, "Join Kitchen");
  await bob.getByRole("heading", { name: "Kitchen", exact: true }).waitFor();
  await press(ann, "Members");
  await ann.getByRole("dialog").getByText("@bob").waitFor();
  await shot(ann, "members-1280");
  await ann.keyboard.press("Escape");
});

test("looks right at 360 and 1280 pixels, light and dark", async () => {
  await ann.goto(at(`/c/${room}`));
  await bob.goto(at(`/c/${room}`));
  for (const [p, width] of [[ann, 1280], [bob, 360]]) {
    await texts(p, "Light again").waitFor();
    await row(p, "Light again").getByRole("button", { name: "Actions" }).click();
    for (const colorScheme of ["light", "dark"]) {
      await p.emulateMedia({ colorScheme, reducedMotion: "reduce" });
      await shot(p, `talk-${width}-${colorScheme}`);
    }
    assert.equal(await wide(p), false, `no sideways scrolling at ${width}`);
  }
  await press(bob, "Back to the chats");
  await bob.getByRole("heading", { name: "Chats", exact: true }).waitFor();
  await shot(bob, "list-360");
  assert.equal(await wide(bob), false);
});

test("who signs out is out, and can come back", async () => {
  await press(bob, "Sign out");
  await bob.getByRole("heading", { name: "Sign in to Our house", exact: true }).waitFor();
  await fill(bob, { Handle: "bob", Password: "wrong horse" });
  await press(bob, "Sign in");
  await bob.getByRole("alert").getByText(/wrong/).waitFor();
  await fill(bob, { Password: "battery staple" });
  await press(bob, "Sign in");
  await bob.getByRole("link", { name: /Kitchen/ }).waitFor();
});

test("an invite is accepted with an account that one has", async () => {
  const carol = await person();
  await carol.goto(inviteLink);
  await press(carol, "I have an account");
  await fill(carol, { Handle: "bob", Password: "battery staple" });
  await press(carol, "Sign in");
  await carol.getByRole("heading", { name: "Garden", exact: true }).waitFor();
  await carol.context().close();
});

test("a recovery link sets a password, and ends the other sessions at once", async () => {
  const { url } = await ann.evaluate(async () => {
    const { users } = await (await fetch("/api/users?q=bob")).json();
    const answer = await fetch("/api/recoveries", { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ userId: users[0].id }) });
    return answer.json();
  });
  const again = await person();
  await again.goto(url);
  await fill(again, { "New password": "a third password" });
  await press(again, "Set password");
  await again.getByRole("link", { name: /Garden/ }).waitFor();
  await bob.getByRole("heading", { name: "Sign in to Our house", exact: true }).waitFor();
  await again.context().close();
});

test("nothing went wrong unseen", () => assert.deepEqual(faults, []));
