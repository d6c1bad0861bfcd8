// The stories of the new client (web/src), which the binary does not embed yet:
// `make stories`. The browser is CHROMIUM or /usr/bin/chromium;
// screenshots go to PARLEY_SHOTS or a folder that the last line names.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
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
  if (process.env.PARLEY_SHOTS) await shot(bob, "last-bob");
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

const axe = readFileSync(new URL("../node_modules/axe-core/axe.min.js", import.meta.url), "utf8");

const at = (path) => new URL(path, parley.url).href;
const fill = async (page, values) => {
  for (const [label, value] of Object.entries(values)) await page.getByLabel(label, { exact: true }).fill(value);
};
const press = (page, name) => page.getByRole("button", { name, exact: true }).click();
const list = (page) => page.getByRole("region", { name: "Messages" });
const texts = (page, text) => list(page).getByText(text, { exact: true });
const row = (page, text) => page.locator(".message", { has: page.getByText(text, { exact: true }) });
const field = (page) => page.getByPlaceholder(/^Write to /);
const say = async (page, text) => {
  await field(page).fill(text);
  await page.keyboard.press("Enter");
};
const choose = async (page, text, deed) => {
  await row(page, text).hover();
  await row(page, text).getByRole("button", { name: /^What can be done/ }).click();
  await page.getByRole("menuitem", { name: deed, exact: true }).click();
};
const shot = (page, name) => page.screenshot({ path: join(shots, `${name}.png`) });
const wide = (page) => page.evaluate(() => document.documentElement.scrollWidth > innerWidth);
/** The message stands in the log. */
const sent = (page, text) => page.locator(".message[data-seq]", { has: page.getByText(text, { exact: true }) }).waitFor();

/** What axe finds wrong with the page as it stands, in light and in dark. */
async function accessible(page, name) {
  await page.evaluate(axe);
  for (const colorScheme of ["light", "dark"]) {
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    const found = await page.evaluate(async () => (await globalThis.axe.run(document)).violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.html.slice(0, 160)).join(" | ")}`));
    assert.deepEqual(found, [], `${name}, ${colorScheme}`);
    await shot(page, `${name}-${page.viewportSize().width}-${colorScheme}`);
  }
}

test("the owner's link makes the owner, who lands in General", async () => {
  ann = await person();
  await ann.goto(parley.setup);
  await ann.getByRole("heading", { name: "Set up your server", exact: true }).waitFor();
  await fill(ann, { "Name of the server": "Our house", "Your name": "Ann", Handle: "ann", "New password": "short" });
  await press(ann, "Start");
  await ann.getByText("password must have", { exact: false }).waitFor();
  assert.equal(await ann.getByLabel("New password", { exact: true }).getAttribute("aria-invalid"), "true");
  await accessible(ann, "setup");
  await fill(ann, { "New password": "correct horse" });
  await press(ann, "Start");
  await ann.getByRole("heading", { name: "General", exact: true }).waitFor();
  assert.equal(new URL(ann.url()).hash, "");
  await field(ann).waitFor();
  assert.ok(await field(ann).evaluate((e) => e === document.activeElement), "the composer has the focus");
  await say(ann, "Welcome");
  await sent(ann, "Welcome");
});

test("a chat is made and its invite brings a second person", async () => {
  await press(ann, "New chat");
  await fill(ann, { "Name of the chat": "Garden" });
  await accessible(ann, "new-chat");
  await press(ann, "Start");
  await ann.getByRole("heading", { name: "Garden", exact: true }).waitFor();
  room = new URL(ann.url()).pathname.slice(3);
  await press(ann, "Chat menu");
  await ann.getByRole("menuitem", { name: "Invite people" }).click();
  await ann.getByLabel("QR code of the link").waitFor();
  inviteLink = await ann.getByLabel("Link", { exact: true }).inputValue();
  await accessible(ann, "invite");
  await ann.keyboard.press("Escape");
  assert.equal(new URL(inviteLink).host, new URL(parley.url).host);

  bob = await person({ viewport: { width: 360, height: 740 } });
  await bob.goto(inviteLink);
  await bob.getByRole("heading", { name: "Ann invites you to Garden", exact: true }).waitFor();
  await fill(bob, { "Your name": "Bob", Handle: "ann", "New password": "battery staple" });
  await press(bob, "Join");
  await bob.locator('[name="handle"][aria-invalid]').waitFor(); // taken
  assert.equal(await wide(bob), false);
  await accessible(bob, "joining");
  await fill(bob, { Handle: "bob" });
  await press(bob, "Join");
  await bob.getByRole("heading", { name: "Garden", exact: true }).waitFor();
});

test("both talk, and text is text", async () => {
  await say(ann, "Hello @bob, <b>mind</b> the *gate*, snake_case and 2*3*4");
  await list(bob).getByText("<b>mind</b>", { exact: false }).waitFor();
  const body = bob.locator(".message .body").first();
  assert.equal(await body.innerText(), "Hello @bob, <b>mind</b> the gate, snake_case and 2*3*4");
  assert.equal(await body.locator("em").innerText(), "gate");
  assert.equal(await body.locator(".mention.me").innerText(), "@bob");
  greeting = Number(await bob.locator(".message").first().getAttribute("data-seq"));
  await say(bob, "It is shut");
  await texts(ann, "It is shut").waitFor();
  await row(ann, "It is shut").hover();
  await press(ann, "React with 👍");
  await bob.getByRole("button", { name: "👍 1: Ann" }).click();
  await ann.getByRole("button", { name: /^👍 2: / }).waitFor();
  await body.hover();
  await press(bob, "Answer");
  await say(bob, "I do");
  await ann.locator(".quote", { hasText: "mind" }).waitFor();
});

test("the composer completes names and emoji, and knows fences", async () => {
  await field(ann).fill("");
  await field(ann).pressSequentially("@bo");
  await ann.getByRole("option", { name: /@bob/ }).waitFor();
  await ann.keyboard.press("Tab");
  assert.equal(await field(ann).inputValue(), "@bob ");
  await field(ann).pressSequentially(":tada");
  await ann.getByRole("option").first().waitFor();
  await ann.keyboard.press("Escape");
  await field(ann).fill("```");
  await ann.keyboard.press("Enter");
  await ann.keyboard.type("let a");
  assert.equal(await field(ann).inputValue(), "```\nlet a");
  await field(ann).fill("");
  await press(ann, "Emoji");
  await ann.getByLabel("Search emoji").fill("party popper");
  await ann.getByRole("button", { name: "party popper", exact: true }).click();
  assert.equal(await field(ann).inputValue(), "🎉");
  await field(ann).fill("");
});

test("a draft outlives a reload and stays with its chat", async () => {
  await field(ann).fill("half a thought");
  await ann.getByRole("link", { name: /General/ }).click();
  await ann.getByRole("heading", { name: "General", exact: true }).waitFor();
  await ann.getByRole("link", { name: /Garden.*half a thought/ }).waitFor();
  await ann.reload();
  await ann.getByRole("link", { name: /Garden/ }).click();
  await ann.waitForFunction(() => document.querySelector("[data-composer]")?.value === "half a thought");
  await field(ann).fill("");
});

test("an unread chat has a count until it is looked at", async () => {
  await ann.getByRole("link", { name: /General/ }).click();
  await ann.getByRole("heading", { name: "General", exact: true }).waitFor();
  await say(bob, "Anybody?");
  await ann.getByRole("link", { name: /Garden.*1 unread/ }).waitFor();
  assert.match(await ann.title(), /^\(1\) /);
  await ann.getByRole("link", { name: /Garden/ }).click();
  await texts(ann, "Anybody?").waitFor();
  await ann.locator(".divider").waitFor();
  await ann.getByRole("link", { name: /Garden/ }).locator(".count").waitFor({ state: "detached" });
});

test("one's own message is edited and deleted", async () => {
  await say(bob, "Tomatos are ripe");
  await sent(bob, "Tomatos are ripe");
  await field(bob).press("ArrowUp");
  await bob.getByLabel("Edit the message").fill("Tomatoes are ripe");
  await bob.keyboard.press("Enter");
  await texts(ann, "Tomatoes are ripe").waitFor();
  await row(ann, "Tomatoes are ripe").getByText("edited").waitFor();
  await say(bob, "Oops");
  await sent(bob, "Oops");
  await choose(bob, "Oops", "Delete");
  await press(bob, "Delete");
  await row(ann, "Oops").waitFor({ state: "detached" });
  await ann.getByText("This message was deleted.", { exact: true }).first().waitFor();
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
  const moved = await list(bob).evaluate(async (log) => {
    const first = log.querySelector("[data-seq]");
    const grown = new Promise((ok) => new MutationObserver(() => log.querySelector("[data-seq]") !== first && ok()).observe(log, { subtree: true, childList: true }));
    log.scrollTop = 200;
    await new Promise((ok) => requestAnimationFrame(() => requestAnimationFrame(ok)));
    const edge = log.getBoundingClientRect().top;
    const read = [...log.querySelectorAll("[data-seq]")].find((m) => m.getBoundingClientRect().top > edge);
    const was = read.getBoundingClientRect().top;
    if (log.querySelector("[data-seq]") === first) await grown;
    await new Promise((ok) => requestAnimationFrame(() => requestAnimationFrame(ok)));
    return read.getBoundingClientRect().top - was;
  });
  assert.ok(Math.abs(moved) <= 1, `it moved by ${moved} px`);
  await list(bob).hover();
  for (let i = 0; i < 200 && !(await bob.getByText("This is the beginning.").count()); i++) await bob.mouse.wheel(0, -1500);
  await texts(bob, "Row 1").waitFor();
  const numbers = await bob.locator(".message[data-seq]").evaluateAll((all) => all.map((m) => Number(m.dataset.seq)));
  assert.deepEqual(numbers, [...new Set(numbers)].sort((a, b) => a - b));
  const rows = (await bob.locator(".message .body").allInnerTexts()).filter((t) => t.startsWith("Row "));
  assert.deepEqual(rows, Array.from({ length: 120 }, (_, i) => `Row ${i + 1}`));
});

test("a reload keeps the chat and the place in it", async () => {
  await texts(bob, "Row 31").scrollIntoViewIfNeeded();
  await bob.waitForTimeout(600); // past the page's own pause before it notes the place
  const top = () => list(bob).evaluate((log) => {
    const edge = log.getBoundingClientRect().top;
    return [...log.querySelectorAll("[data-seq]")].find((m) => m.getBoundingClientRect().bottom > edge + 12)?.dataset.seq;
  });
  const was = Number(await top());
  await bob.reload();
  await bob.locator(`[data-seq="${was}"]`).waitFor();
  assert.equal(new URL(bob.url()).pathname, `/c/${room}`);
  await bob.waitForTimeout(300); // pages on both sides have come
  assert.ok(Math.abs(Number(await top()) - was) <= 1, `${await top()} is not about ${was}`);
  await bob.locator(".pill").click();
  await texts(bob, "Row 120").waitFor();
});

test("a chat with much news opens at the first of it, and a quote leads to its message", async () => {
  await press(bob, "All chats");
  await bob.getByRole("link", { name: /Garden/ }).waitFor();
  await post(ann, 80, "News", greeting);
  await bob.getByRole("link", { name: /Garden.*80 unread/ }).click();
  await texts(bob, "News 1").waitFor();
  assert.ok(await bob.locator(".divider").evaluate((e) => e.getBoundingClientRect().top > 0 && e.getBoundingClientRect().top < innerHeight));
  await bob.getByText(/80 new since/).waitFor();
  await bob.locator(".pill").click();
  await texts(bob, "News 80").waitFor();
  await row(bob, "News 80").locator(".quote").click();
  await texts(bob, "It is shut").waitFor();
  await bob.waitForFunction((seq) => document.querySelector(`[data-seq="${seq}"]`)?.getBoundingClientRect().top > 0, greeting);
  assert.ok(new URL(bob.url()).pathname.endsWith(`/${greeting}`));
  await bob.goBack();
  await bob.goto(at(`/c/${room}`));
  await bob.locator(".pill").click();
  await texts(bob, "News 80").waitFor();
});

test("after a kill both come back, and what was written meanwhile arrives once", async () => {
  down = true;
  await parley.stop("SIGKILL");
  await Promise.all([ann, bob].map((p) => p.locator(".banner").getByText(/cannot be reached/).waitFor()));
  await say(bob, "Written in the dark");
  await bob.locator(".message[data-pending]", { hasText: "Written in the dark" }).getByText("Waits for the connection").waitFor();
  await shot(bob, "offline-360");
  await parley.start();
  for (const p of [ann, bob]) await p.locator(".banner").waitFor({ state: "detached", timeout: 30000 });
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

const isPost = (m) => m.includes(Buffer.from("\xa2do\xa4post\xa6", "latin1"));

test("a post whose acknowledgement is lost is one message", async () => {
  const tab = await watched(await bob.context().newPage());
  let cuts = 3; // times that neither the answer nor the event gets through
  let posted = false;
  await tab.routeWebSocket(/\/api\/socket/, (ws) => {
    const server = ws.connectToServer();
    ws.onMessage((m) => {
      posted ||= isPost(m);
      server.send(m);
    });
    server.onMessage((m) => {
      if (!posted || cuts === 0) return ws.send(m);
      cuts--;
      posted = false;
      ws.close({ code: 4001, reason: "too slow retryAfterMs=10" });
    });
  });
  await tab.goto(at(`/c/${room}`));
  await texts(tab, "Light again").waitFor();
  for (const text of ["Said once", "Said one more time", "Said last"]) {
    await say(tab, text);
    await sent(tab, text);
    await texts(ann, text).waitFor();
    for (const p of [tab, bob, ann]) {
      await sent(p, text);
      assert.equal(await texts(p, text).count(), 1);
    }
  }
  assert.equal(cuts, 0);
  await tab.close();
});

test("what was not sent outlives a reload", async () => {
  const tab = await watched(await bob.context().newPage());
  let cut = true;
  await tab.routeWebSocket(/\/api\/socket/, (ws) => {
    const server = ws.connectToServer();
    ws.onMessage((m) => {
      if (!cut || !isPost(m)) server.send(m); // else it never reaches the server
    });
  });
  await tab.goto(at(`/c/${room}`));
  await texts(tab, "Said last").waitFor();
  await say(tab, "Kept");
  await tab.locator(".message[data-pending]", { hasText: "Kept" }).waitFor();
  cut = false;
  await tab.reload();
  await sent(tab, "Kept");
  await texts(ann, "Kept").waitFor();
  assert.equal(await texts(ann, "Kept").count(), 1);
  await tab.close();
});

test("open chats are found and joined, members are listed, Ctrl+K jumps", async () => {
  await press(ann, "New chat");
  await fill(ann, { "Name of the chat": "Kitchen" });
  await ann.getByLabel("Everybody here may find and join it").check();
  await press(ann, "Start");
  await ann.getByRole("heading", { name: "Kitchen", exact: true }).waitFor();
  await press(bob, "All chats");
  await press(bob, "Menu");
  await bob.getByRole("menuitem", { name: "Browse open chats" }).click();
  await press(bob, "Join: Kitchen");
  await bob.getByRole("heading", { name: "Kitchen", exact: true }).waitFor();
  await press(ann, "2 members");
  await ann.getByRole("dialog").getByText("@bob").waitFor();
  await accessible(ann, "members");
  await ann.keyboard.press("Escape");
  await ann.keyboard.press("Control+k");
  await ann.getByRole("combobox", { name: "Chats and people" }).fill("gradn");
  await ann.getByRole("option", { name: "Garden" }).waitFor();
  await accessible(ann, "jump");
  await ann.keyboard.press("Enter");
  await ann.getByRole("heading", { name: "Garden", exact: true }).waitFor();
});

test("a direct chat from a name", async () => {
  await ann.keyboard.press("Control+k");
  await ann.getByRole("combobox", { name: "Chats and people" }).fill("bob");
  await ann.getByRole("option", { name: /@bob/ }).click();
  await ann.getByRole("heading", { name: "Bob", exact: true }).waitFor();
  await say(ann, "Between us");
  await press(bob, "All chats");
  await bob.getByRole("link", { name: /Ann.*Between us/ }).waitFor();
});

test("looks right at 360 and 1280 pixels, light and dark", async () => {
  for (const [p, path, name] of [[ann, `/c/${room}`, "talk"], [bob, `/c/${room}`, "talk"], [ann, "/me", "me"], [bob, "/me", "me"], [ann, "/server", "server"], [bob, "/", "chats"]]) {
    await p.goto(at(path));
    if (name === "talk") await texts(p, "Kept").waitFor();
    else if (name === "chats") await p.getByRole("link", { name: /Garden/ }).waitFor();
    else await p.getByRole("heading", { level: 2 }).last().waitFor();
    await accessible(p, name);
    assert.equal(await wide(p), false, `no sideways scrolling: ${name}`);
  }
});

test("a missing asset is no page", async () => {
  for (const path of ["/assets/index-gone.js", "/nothing.css"]) assert.equal((await fetch(at(path))).status, 404);
});

test("who signs out is out, and can come back", async () => {
  await press(bob, "Menu");
  await bob.getByRole("menuitem", { name: "Sign out" }).click();
  await bob.getByRole("heading", { name: "Sign in to Our house", exact: true }).waitFor();
  await accessible(bob, "sign-in");
  await fill(bob, { Handle: "bob", Password: "wrong horse" });
  await press(bob, "Sign in");
  await bob.getByText(/wrong/).waitFor();
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
