// Every view at both widths, in light and dark, on a LAN without https, zoomed, in forced colours,
// installed, with a screen reader; and errors stay local.
import assert from "node:assert/strict";
import { api, choose, escape, field, fill, heading, holds, testEnvironment, list, phone, post, press, row, say, sent, test, texts, wide, wideScreen } from "./kit.mjs";

const longName = "Maximiliane Wolfeschlegelsteinhausenbergerdorff-Überlingen";
const longWord = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft".repeat(3);
let ann, bob, max, room;
const h = testEnvironment(async (h) => {
  ann = await h.signedIn("Ann");
  bob = await h.signedIn("Bob", phone);
  max = await h.signedIn("Max");
  await api(max, "PATCH", "/api/me", { name: longName, status: "in a meeting that is called something very long as well" });
  room = await h.chat("Garden", ann, bob, max);
});

test("a conversation looks right at 360 and 1280 pixels, in light and dark, with any texts", async () => {
  await say(ann, "Hello");
  for (const text of [longWord, `https://parley.example/${"a-very-long-path/".repeat(12)}`, "שלום עולם, זה טקסט מימין לשמאל", "👩‍👩‍👧‍👦🎉🇩🇪", "```\nconst wide = \"" + "0123456789".repeat(30) + "\";\n```", "> quoted\n\n- one\n- two\n\n`code`, **bold**, *italic*, ~~gone~~"]) await say(max, text);
  await sent(max, "👩‍👩‍👧‍👦🎉🇩🇪");
  await row(ann, "Hello").hover();
  await press(ann, "React with 👍");
  for (const p of [ann, bob]) {
    await p.goto(h.at(`/c/${room}`));
    await texts(p, "Hello").waitFor();
    await p.locator(".code-block").waitFor();
    assert.equal(await wide(p), false);
    assert.ok(await list(p).evaluate((log) => log.scrollWidth <= log.clientWidth), "nothing spills over");
    await h.accessible(p, "talk");
  }
});

test("long names and words do not widen the page on a phone", async () => {
  const { user } = await api(bob, "GET", "/api/me");
  const { chat } = await api(max, "POST", "/api/chats", { clientId: "long", kind: "direct", members: [user.id] });
  await post(max, chat.id, 1, "Hello");
  await bob.goto(h.at("/"));
  await bob.getByRole("link", { name: new RegExp(`^${longName}.*online`) }).waitFor();
  assert.equal(await wide(bob), false);
  await press(bob, "New chat");
  await bob.getByRole("option", { name: longName }).click();
  await bob.getByRole("button", { name: `Remove ${longName}` }).waitFor();
  assert.ok(await bob.getByRole("dialog").evaluate((e) => e.parentElement.scrollWidth <= e.parentElement.clientWidth), "the dialog scrolls sideways");
  await h.accessible(bob, "chosen");
  await escape(bob, bob.getByRole("dialog"));
  await bob.goto(h.at(`/c/${chat.id}`));
  const inSight = () => bob.getByRole("button", { name: "Send" }).evaluate((e) => e.getBoundingClientRect().right <= 360);
  await texts(bob, "Hello 1").waitFor();
  assert.ok(await inSight(), "its name");
  assert.ok((await field(bob).boundingBox()).height < 50, "the name takes one line");
  await field(bob).fill(longWord);
  assert.ok(await inSight(), "what one writes");
  assert.equal(await wide(bob), false);
  await h.accessible(bob, "long");
  await field(bob).fill("");

  const { chat: open } = await api(max, "POST", "/api/chats", { clientId: "open", kind: "group", open: true, title: longWord.slice(0, 100), members: [] });
  await bob.goto(h.at(`/c/${open.id}`));
  await bob.getByText("Join this chat to read and send messages.").waitFor();
  assert.equal(await wide(bob), false);
  await h.accessible(bob, "open");
  await press(bob, "Back to chats"); // joining is optional
  await bob.getByRole("link", { name: /^Garden/ }).waitFor();
});

test("axe finds nothing in any other view, at both widths", async () => {
  const menu = async (p, name, item) => {
    await press(p, name);
    await p.getByRole("menuitem", { name: item, exact: true }).click();
  };
  const to = async (p, path, what) => { // a phone shows one pane, a wide screen both
    if (p === bob) await p.goto(h.at(path));
    await p.getByRole("button", { name: what, exact: true }).waitFor();
  };
  const rail = async (p) => {
    await to(p, "/", "New chat");
    await p.getByRole("link", { name: /^Garden/ }).waitFor();
  };
  const talk = (p) => to(p, `/c/${room}`, "Chat menu");
  const views = {
    help: async (p) => (await rail(p), p.keyboard.press("Control+/")),
    browse: async (p) => (await rail(p), menu(p, "Add chats", "Browse chats")),
    jump: async (p) => (await talk(p), p.keyboard.press("Control+k")),
    "new-chat": async (p) => (await rail(p), press(p, "New chat")),
    members: async (p) => (await talk(p), press(p, "3 members")),
    invite: async (p) => (await talk(p), menu(p, "Chat menu", "Invite people")),
    leave: async (p) => (await talk(p), menu(p, "Chat menu", "Leave")),
    emoji: async (p) => (await talk(p), press(p, "Emoji"), p.getByLabel("Search emoji").fill("cat")),
  };
  for (const p of [ann, bob]) {
    for (const [name, open] of Object.entries(views)) {
      await open(p);
      await p.getByRole("dialog").or(p.getByRole("alertdialog")).first().waitFor();
      await h.accessible(p, name);
      assert.equal(await wide(p), false, name);
      await escape(p, p.getByRole("dialog").or(p.getByRole("alertdialog")));
    }
    await talk(p);
    await press(p, "Chat menu");
    await p.getByRole("menu").waitFor();
    await h.accessible(p, "menu");
    await escape(p, p.getByRole("menu"));
    for (const [name, path, title] of [["me", "/me", "Profile and settings"], ["home", "/", "Our house"], ["gone", "/c/nothing", "Chat not found"]]) {
      await p.goto(h.at(path));
      await heading(p, title);
      await h.accessible(p, name);
      assert.equal(await wide(p), false, name);
    }
  }
  await ann.goto(h.at("/server"));
  await ann.getByText(longName).first().waitFor();
  await h.accessible(ann, "server");
  await ann.setViewportSize(phone.viewport);
  await h.accessible(ann, "server");
  assert.equal(await wide(ann), false);
  await ann.setViewportSize(wideScreen.viewport);
  await ann.goto(h.at(`/c/${room}`));
  await choose(ann, "Hello", "Edit");
  await ann.getByLabel("Edit message").waitFor();
  await h.accessible(ann, "edit");
  await ann.keyboard.press("Escape");
  await menu(ann, "Chat menu", "Name and topic");
  await h.accessible(ann, "rename");
  await ann.keyboard.press("Escape");
});

test("on a phone controls are large enough, and typing does not zoom", async () => {
  for (const path of [`/c/${room}`, "/", "/me"]) {
    await bob.goto(h.at(path));
    await bob.locator("button:visible, a:visible").first().waitFor();
    if (path.length > 3) await texts(bob, "Hello").waitFor();
    const small = await bob.evaluate(() => [...document.querySelectorAll("button, a.chat-row, a.button, input, textarea, select")].filter((e) => e.checkVisibility() && !e.closest(".sr") && !e.matches(".message-quote, .user-name, [type=radio], [type=checkbox], [aria-hidden=true], .chat-row-more, [data-react-aria-prevent-focus]")).flatMap((e) => {
      e.scrollIntoView({ block: "center" });
      const at = e.getBoundingClientRect();
      const hit = (dx, dy) => e.contains(document.elementFromPoint((at.left + at.right) / 2 + dx, (at.top + at.bottom) / 2 + dy)); // a target may be larger than what it shows
      if (e.matches(".message-more")) return at.width >= 24 && hit(0, 11.5) && hit(0, -11.5) && hit(13, 0) ? [] : [`the button for a message's menu ${at.width}×${at.height}`]; // one in each row, and a long press does the same
      if (e.matches(".reaction") && hit(21.5, 0) && hit(-21.5, 0) && hit(0, 21.5) && hit(0, -21.5)) return [];
      const text = e.matches("input, textarea, select") && parseFloat(getComputedStyle(e).fontSize) < 16;
      return at.width && (at.width < 43.9 || at.height < 43.9 || text) ? [`${e.outerHTML.slice(0, 80)} ${at.width}×${at.height}`] : [];
    }));
    assert.deepEqual(small, [], path);
  }
  await bob.goto(h.at(`/c/${room}`));
  await texts(bob, "Hello").waitFor();
  await bob.setViewportSize({ width: 360, height: 400 }); // the on-screen keyboard opens
  await bob.waitForFunction(() => document.querySelector("[data-composer]").getBoundingClientRect().bottom <= 400); // the field stays in view
  await heading(bob, "Garden");
  await bob.setViewportSize(phone.viewport);
});

test("at 200 % nothing is lost and nothing scrolls sideways", async () => {
  await ann.setViewportSize({ width: 640, height: 400 }); // 1280 × 800 at 200 %
  for (const path of [`/c/${room}`, "/", "/me", "/server"]) {
    await ann.goto(h.at(path));
    await ann.locator("h1:visible").first().waitFor();
    assert.equal(await wide(ann), false, path);
  }
  await ann.goto(h.at(`/c/${room}`));
  await field(ann).fill("still here");
  await h.shot(ann, "zoom-200");
  await ann.waitForFunction(() => document.querySelector("[data-composer]").getBoundingClientRect().bottom <= 400);
  await field(ann).fill("");
  await ann.setViewportSize(wideScreen.viewport);
});

test("forced colours show the current item, and reduced motion is respected", async () => {
  await ann.emulateMedia({ forcedColors: "active", reducedMotion: "reduce" });
  await ann.goto(h.at(`/c/${room}`));
  await texts(ann, "Hello").waitFor();
  const current = ann.locator('.chat-row[aria-current="page"]');
  assert.equal(await current.evaluate((e) => getComputedStyle(e).outlineStyle), "solid");
  await h.shot(ann, "forced-colours");
  const moving = await ann.evaluate(() => [...document.querySelectorAll("*")].filter((e) => getComputedStyle(e).transitionDuration !== "0s" || getComputedStyle(e).animationName !== "none").map((e) => e.className));
  assert.deepEqual(moving, []);
  await ann.emulateMedia({ forcedColors: "none", reducedMotion: "no-preference" });
});

test("new messages are announced, old ones are not", async () => {
  await post(bob, room, 60, "Earlier");
  await ann.goto(h.at(`/c/${room}`));
  await texts(ann, "Earlier 60").waitFor();
  const log = ann.getByRole("log");
  await list(ann).evaluate((e) => e.scrollTo(0, 0)); // loads older messages
  assert.equal((await log.innerText()).trim(), "");
  await say(ann, "My own words");
  await sent(ann, "My own words");
  assert.equal((await log.innerText()).trim(), "");
  await say(bob, "Just now");
  await ann.waitForFunction(() => document.querySelector('[role="log"]').textContent.includes("Bob: Just now"));
  await say(bob, "**Bold** words");
  await ann.waitForFunction(() => [...document.querySelectorAll('[role="log"] p')].some((p) => p.textContent === "Bob: Bold words"));
  for (let i = 0; i < 2; i++) await say(bob, "The same");
  await ann.waitForFunction(() => [...document.querySelectorAll('[role="log"] p')].filter((p) => p.textContent === "Bob: The same").length === 2);
  assert.match(await row(ann, "Just now").getAttribute("aria-label"), /^Bob, .*: Just now$/);
});

test("the page can be installed", async () => {
  const cdp = await ann.context().newCDPSession(ann);
  const { errors, data } = await cdp.send("Page.getAppManifest");
  assert.deepEqual(errors, []);
  const { installabilityErrors } = await cdp.send("Page.getInstallabilityErrors");
  assert.deepEqual(installabilityErrors.filter((e) => e.errorId !== "in-incognito"), []);
  for (const { src } of [...JSON.parse(data).icons, { src: "/apple-touch-icon.png" }]) {
    const answer = await fetch(h.at(src));
    assert.equal(answer.status, 200, src);
    assert.match(answer.headers.get("content-type"), /^image\//);
  }
});

test("a missing asset is a 404", async () => {
  for (const path of ["/assets/index-gone.js", "/nothing.css", "/nowhere"]) assert.equal((await fetch(h.at(path))).status, 404);
});

test("a message that fails to render shows its plain text, and the rest works", async () => {
  const tab = await h.watch(await ann.context().newPage());
  await tab.addInitScript(() => { // rendering this one throws
    const { exec } = RegExp.prototype;
    RegExp.prototype.exec = function (s) {
      if (String(s).startsWith("*Kaboom*") && this.source.length > 40) throw new Error("kaboom");
      return exec.call(this, s);
    };
  });
  await tab.goto(h.at(`/c/${room}`));
  await texts(tab, "Just now").waitFor();
  const before = h.faults.length;
  await say(bob, "*Kaboom*");
  await texts(tab, "*Kaboom*").waitFor();
  await say(bob, "*After*");
  await list(tab).locator("em", { hasText: "After" }).waitFor();
  for (const fault of h.faults.splice(before)) assert.match(fault, /kaboom/i); // logged to the console once
  await tab.close();
});

test("on a LAN over plain http everything works or explains why not", async () => {
  const lan = h.parley.url.replace(/127\.0\.0\.1|localhost/, "chat.lan");
  const eve = await h.newBrowser();
  await eve.goto(`${lan}#invite=${await h.invite(room)}`);
  assert.deepEqual(await eve.evaluate(() => [isSecureContext, typeof crypto.randomUUID, typeof navigator.clipboard, typeof navigator.serviceWorker, typeof navigator.locks]), [false, "undefined", "undefined", "undefined", "undefined"]);
  await heading(eve, "Ann invited you to Garden");
  await fill(eve, { "Your name": "Eve", Handle: "eve", "New password": "correct horse" });
  await press(eve, "Join");
  await heading(eve, "Garden");
  await say(eve, "From the LAN");
  await sent(eve, "From the LAN");
  await texts(bob, "From the LAN").waitFor();
  await say(bob, "Heard you");
  await texts(eve, "Heard you").waitFor();
  await row(eve, "Heard you").hover();
  await press(eve, "React with 👍");
  await eve.getByRole("button", { name: "👍 1: Eve" }).waitFor();

  await choose(eve, "Heard you", "Copy text");
  await eve.locator(".toast").first().waitFor();
  const other = await h.watch(await eve.context().newPage()); // only now, because a background tab renders once a second
  await other.goto(new URL(`/c/${room}`, lan).href); // plain http: no Web Locks for the outbox
  await texts(other, "Heard you").waitFor();
  await say(other, "From the other tab");
  await texts(eve, "From the other tab").waitFor();
  assert.equal(await texts(eve, "From the other tab").count(), 1);
  await other.close();
  await field(eve).press("Control+v");
  await holds(eve, "Heard you");
  await eve.reload();
  await texts(eve, "From the other tab").waitFor();
  await eve.goto(new URL("/me", lan).href);
  await eve.getByText("Notifications need https. Ask your admin for a secure address.").waitFor();
  await eve.getByRole("heading", { name: "Devices" }).waitFor();
  assert.equal(await eve.getByText(/https/).count(), 1, "one section says why");
  await h.shot(eve, "lan-me");
});

test("without chats, or without a server, the page says what to do", async () => {
  const noa = await h.signedIn("Noa");
  const { chats } = await api(noa, "GET", "/api/chats");
  for (const c of chats) await api(noa, "DELETE", `/api/chats/${c.id}/members/me`);
  await noa.goto(h.at("/"));
  await noa.getByText(/No chats yet. Start one/).waitFor();
  await h.accessible(noa, "empty");
  h.down = true;
  await noa.route("**/api/me", (r) => r.abort());
  await noa.reload();
  await noa.getByText(/Can't reach the server. Retrying/).waitFor();
  await h.accessible(noa, "unreachable");
  await noa.unroute("**/api/me");
  await noa.evaluate(() => dispatchEvent(new Event("online")));
  await noa.getByText(/No chats yet/).waitFor();
  h.down = false;
});

h.noFaults();
