// Scrolling: where a chat opens, and that the messages in view stay in place.
import assert from "node:assert/strict";
import { allRead, api, field, heading, testEnvironment, list, phone, post, press, row, say, sent, test, texts } from "./kit.mjs";

let ann, bob, room;
const h = testEnvironment(async (h) => {
  ann = await h.signedIn("Ann");
  bob = await h.signedIn("Bob", phone);
  await h.chat("Kitchen", ann, bob);
  room = await h.chat("Garden", ann, bob);
});

const number = async (page, text) => Number(await page.locator(".message[data-seq]", { has: page.getByText(text, { exact: true }) }).getAttribute("data-seq"));
/** Waits two frames, after which a scroll or a change has taken effect. */
const frames = () => new Promise((ok) => requestAnimationFrame(() => requestAnimationFrame(ok)));
/** Returns the first message that is completely in view, and its position. */
const eye = (page) => list(page).evaluate((log) => {
  const { top } = log.getBoundingClientRect();
  const row = [...log.querySelectorAll("[data-seq]")].find((m) => m.getBoundingClientRect().top >= top);
  return { seq: Number(row.dataset.seq), top: row.getBoundingClientRect().top };
});
const topOf = (page, seq) => page.locator(`[data-seq="${seq}"]`).evaluate((m) => m.getBoundingClientRect().top);
/** Asserts that the message is still in place, to the pixel. */
const unmoved = async (page, was) => {
  const now = await eye(page);
  assert.ok(now.seq === was.seq && Math.abs(now.top - was.top) <= 1, `it was ${JSON.stringify(was)} and is ${JSON.stringify(now)}`);
};
const scroll = (page, by) => list(page).evaluate((log, by) => log.scrollBy(0, by), by);
const atEnd = (page) => page.waitForFunction(() => {
  const log = document.querySelector(".message-scroller");
  return log.scrollHeight - log.clientHeight - log.scrollTop <= 1;
});
const inSight = (page, seq) => page.waitForFunction((seq) => {
  const log = document.querySelector(".message-scroller")?.getBoundingClientRect();
  const at = document.querySelector(`[data-seq="${seq}"]`)?.getBoundingClientRect();
  return at && at.top >= log.top && at.bottom <= log.bottom;
}, seq);
/** Waits until the scroll position is saved for a reload. */
const noted = (page, seq) => page.waitForFunction((seq) => history.state?.seq === seq, seq);
const pointer = async (page) => (await api(page, "GET", `/api/chats/${room}`)).chat.readUpTo;
/** Makes the page attended or not. */
const leave = (page, away) => page.evaluate((away) => {
  document.hasFocus = () => !away;
  dispatchEvent(new Event(away ? "blur" : "focus"));
}, away);

test("scrolling back reaches the beginning of 120 messages, in order", async () => {
  await post(ann, room, 120, "Row");
  await texts(bob, "Row 120").waitFor();
  await allRead(bob, room); // otherwise the chat opens at the first unread message
  await bob.reload();
  await texts(bob, "Row 120").waitFor();
  assert.equal(await texts(bob, "Row 1").count(), 0);
  // The view stays in place while older messages are added above it.
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
  for (let i = 0; i < 400 && !(await bob.getByText("Start of Garden").count()); i++) await scroll(bob, -1500);
  await texts(bob, "Row 1").waitFor();
  const numbers = await bob.locator(".message[data-seq]").evaluateAll((all) => all.map((m) => Number(m.dataset.seq)));
  assert.deepEqual(numbers, [...new Set(numbers)].sort((a, b) => a - b));
  const rows = (await bob.locator(".message .message-body").allInnerTexts()).filter((t) => t.startsWith("Row "));
  assert.deepEqual(rows, Array.from({ length: 120 }, (_, i) => `Row ${i + 1}`));
});

test("a reload, another chat and Back keep the scroll position", async () => {
  await texts(bob, "Row 31").evaluate((e) => e.scrollIntoView({ block: "start" }));
  const was = await eye(bob);
  const edge = await list(bob).evaluate((log) => [...log.querySelectorAll("[data-seq]")].find((m) => m.getBoundingClientRect().bottom > log.getBoundingClientRect().top).dataset.seq);
  await noted(bob, Number(edge));
  await bob.reload();
  const same = async () => {
    await inSight(bob, was.seq);
    await bob.evaluate(frames);
    const now = await topOf(bob, was.seq);
    assert.ok(Math.abs(now - was.top) <= 1, `it moved by ${now - was.top} px`);
    assert.equal(new URL(bob.url()).pathname, `/c/${room}`);
  };
  await same();
  const open = async (name) => {
    await press(bob, "All chats");
    await bob.getByRole("link", { name: new RegExp(name) }).click();
    await heading(bob, name);
  };
  await open("Kitchen");
  await open("Garden");
  await same();
  await bob.goBack();
  await bob.goBack();
  await heading(bob, "Kitchen");
  await bob.goForward();
  await bob.goForward();
  await same();
  await bob.locator(".message-list-pill").click();
  await texts(bob, "Row 120").waitFor();
  await atEnd(bob);
});

test("new messages do not scroll a reader down; an own message does", async () => {
  await scroll(bob, -600);
  await bob.getByRole("button", { name: "Jump to latest" }).waitFor();
  const was = await eye(bob);
  await post(ann, room, 3, "Late");
  await bob.getByRole("button", { name: "3 new messages", exact: true }).waitFor();
  await unmoved(bob, was);
  await h.shot(bob, "pill-360");
  await say(bob, "Mine");
  await sent(bob, "Mine");
  await atEnd(bob);
  await post(ann, room, 2, "Later");
  await texts(bob, "Later 2").waitFor();
  await atEnd(bob);
  await bob.locator(".message-list-pill").waitFor({ state: "detached" });
});

test("a chat opens at its first unread message, and a quote leads to its message and Back", async () => {
  const old = await number(ann, "Row 120") - 115;
  await allRead(bob, room); // otherwise more is unread than this
  await press(bob, "All chats");
  await bob.getByRole("link", { name: /Garden/ }).waitFor();
  await post(ann, room, 80, "News", old);
  await bob.getByRole("link", { name: /Garden.*80 unread/ }).click();
  await texts(bob, "News 1").waitFor();
  await inSight(bob, await number(bob, "News 1"));
  assert.ok(await bob.locator(".message-divider").evaluate((e) => e.getBoundingClientRect().top > 0 && e.getBoundingClientRect().top < innerHeight));
  await bob.getByText(/80 new messages since/).waitFor();
  await h.shot(bob, "news-360");
  await bob.locator(".message-list-pill").click();
  await texts(bob, "News 80").waitFor();
  await atEnd(bob);
  await bob.getByText(/80 new messages since/).waitFor({ state: "detached" }); // everything is read
  await row(bob, "News 80").locator(".message-quote").click();
  await inSight(bob, old);
  assert.equal(new URL(bob.url()).pathname, `/c/${room}/${old}`);
  await bob.locator(`.mark[data-seq="${old}"]`).waitFor();
  await h.shot(bob, "marked-360");
  await bob.goBack();
  await inSight(bob, await number(ann, "News 80"));
  await atEnd(bob);
  await bob.locator(".mark").waitFor({ state: "detached" });
  await allRead(bob, room); // on the server, too
  await bob.reload();
  await texts(bob, "News 80").waitFor();
  assert.equal(await bob.locator(".message-divider").count(), 0);
});

test("a link to a message loads what is around it, and Back restores the scroll position", async () => {
  const old = await number(ann, "Row 120") - 110;
  await ann.goto(h.at(`/c/${room}/${old}`));
  await inSight(ann, old);
  await ann.locator(`.mark[data-seq="${old}"]`).waitFor();
  await ann.goto(h.at(`/c/${room}/99999999`)); // there is no such message
  await texts(ann, "News 80").waitFor();
  await ann.goto(h.at(`/c/${room}`));
  await list(ann).press("End");
  await texts(ann, "News 80").waitFor();
  await atEnd(ann);
  await scroll(ann, -500);
  const was = await eye(ann);
  await ann.locator(`[data-seq="${was.seq}"] .message-quote`).click();
  await inSight(ann, old - 5);
  await ann.goBack();
  await inSight(ann, was.seq);
  await ann.evaluate(frames);
  assert.ok(Math.abs((await topOf(ann, was.seq)) - was.top) <= 1);
  await ann.locator(".message-list-pill").click();
  await atEnd(ann);
});

test("only what was in view of an attended page counts as read", async () => {
  await leave(bob, true);
  const before = await pointer(bob);
  await post(ann, room, 40, "Unseen");
  await texts(bob, "Unseen 40").waitFor();
  await bob.locator(".message-divider").waitFor(); // the divider at the last read message
  await atEnd(bob);
  assert.equal(await pointer(bob), before);
  await leave(bob, false);
  const last = await number(bob, "Unseen 40");
  while ((await pointer(bob)) !== last) await bob.evaluate(frames);
  await bob.locator(".message-divider").waitFor({ state: "attached" }); // it stays while the chat is open
  await scroll(bob, -400);
  await bob.locator(".message-list-pill").waitFor();
  await post(ann, room, 1, "Below");
  await bob.getByRole("button", { name: "1 new message", exact: true }).waitFor();
  assert.equal(await pointer(bob), last);
});

test("Escape marks the chat as read", async () => {
  await press(bob, "All chats");
  await bob.getByRole("link", { name: /Garden/ }).waitFor();
  await post(ann, room, 60, "Skipped");
  await bob.getByRole("link", { name: /Garden.*6\d unread/ }).click();
  await bob.locator(".message-list-bar").waitFor();
  const was = await eye(bob);
  await list(bob).press("Escape");
  await bob.locator(".message-list-bar").waitFor({ state: "detached" });
  await bob.getByRole("button", { name: "Jump to latest" }).waitFor();
  await unmoved(bob, was);
  while ((await pointer(bob)) !== (await number(ann, "Skipped 60"))) await bob.evaluate(frames);
  await bob.locator(".message-divider").waitFor({ state: "attached" });
});

test("rows that grow late and a phone's keyboard keep the row in place", async () => {
  const was = await eye(bob);
  const still = async () => {
    await bob.evaluate(frames);
    const now = await topOf(bob, was.seq);
    assert.ok(Math.abs(now - was.top) <= 1, `it moved by ${now - was.top} px`);
  };
  await bob.setViewportSize({ width: 360, height: 420 });
  await still();
  await bob.setViewportSize({ width: 360, height: 740 });
  await still();
  const above = await list(bob).evaluate((log, seq) => { // a message above grows
    const rows = [...log.querySelectorAll("[data-seq]")];
    return Number(rows[rows.findIndex((r) => r.dataset.seq === String(seq)) - 12].dataset.seq);
  }, was.seq);
  await api(ann, "PATCH", `/api/chats/${room}/messages/${above}`, { text: "long\n".repeat(20), clientId: crypto.randomUUID() });
  await bob.locator(`[data-seq="${above}"]`, { hasText: "edited" }).waitFor();
  await still();
  await list(bob).evaluate((log) => { log.querySelector("[data-seq] .message-body").style.paddingTop = "133px"; }); // like a late font or picture
  await still();
  await bob.locator(".message-list-pill").click();
  await atEnd(bob);
  await bob.setViewportSize({ width: 360, height: 420 });
  await atEnd(bob);
  await bob.setViewportSize({ width: 360, height: 740 });
  await atEnd(bob);
});

test("an own message is shown while the history loads", async () => {
  const page = await ann.context().newPage();
  await h.watch(page);
  let held = []; // delayed replies to history
  await page.routeWebSocket(/\/api\/socket/, (ws) => {
    const server = ws.connectToServer();
    ws.onMessage((m) => {
      if (held && m.includes("history")) held.push(() => server.send(m));
      else server.send(m);
    });
  });
  await page.goto(h.at(`/c/${room}`));
  await field(page).waitFor();
  await say(page, "Early");
  await texts(page, "Early").waitFor();
  assert.equal(await texts(page, "Skipped 60").count(), 0);
  held.forEach((go) => go());
  held = undefined;
  await texts(page, "Skipped 60").waitFor();
  await sent(page, "Early");
  assert.equal(await texts(page, "Early").count(), 1);
  await atEnd(page);
  await page.close();
});

test("any scroll keeps few rows mounted and misses none", async () => {
  const long = await h.chat("Long", ann);
  await post(ann, long, 900, "Line");
  await ann.reload();
  await texts(ann, "Line 900").waitFor();
  await list(ann).focus();
  const met = new Set();
  let most = 0;
  const look = async () => {
    const all = await list(ann).locator(".message[data-seq]").evaluateAll((all) => all.map((m) => Number(m.dataset.seq)));
    most = Math.max(most, all.length);
    all.forEach((seq, i) => {
      met.add(seq);
      if (i) assert.equal(seq, all[i - 1] + 1);
    });
  };
  for (let i = 0; i < 2000 && !(await ann.getByText("Start of Long").count()); i++) {
    await scroll(ann, -900);
    await ann.evaluate(frames);
    await look();
  }
  await texts(ann, "Line 1").waitFor();
  await look();
  assert.ok(most <= 400, `${most} rows at once`);
  assert.ok(met.size >= 900, `${met.size} were met: ${Math.min(...met)} to ${Math.max(...met)}`);
  await post(ann, long, 1, "Meanwhile");
  await ann.keyboard.press("End");
  await texts(ann, "Meanwhile 1").waitFor();
  await atEnd(ann);
});

test("a list at the end stays there when it changes before the scroll event", async () => {
  const shore = await h.chat("Shore", ann);
  await post(ann, shore, 1, "Tide");
  await texts(ann, "Tide 1").waitFor();
  await post(ann, shore, 60, "Wave", await number(ann, "Tide 1"));
  await texts(ann, "Wave 60").waitFor();
  /** Scrolls away, goes to the end and makes the changes in one task: so the scroll event comes after all of them, and before the ResizeObserver. */
  const change = (...changes) => list(ann).evaluate(async (log, changes) => {
    // Waits two frames, and until the second one has ended: in it, the scroll events have come already.
    const frames = () => new Promise((ok) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(ok))));
    const height = log.clientHeight, last = [...log.querySelectorAll(".message-body")].at(-1);
    const change = {
      end: async () => {
        log.dispatchEvent(new KeyboardEvent("keydown", { key: "End", bubbles: true }));
        for (let i = 0; i < 50; i++) await null; // React renders in a microtask
      },
      shrink: () => { log.style.cssText = `flex: none; height: ${height - 300}px`; },
      restore: () => { log.style.cssText = ""; },
      layout: () => log.clientHeight,
      grow: () => { last.style.paddingBottom = "200px"; },
      ungrow: () => { last.style.paddingBottom = ""; },
      add: () => { log.firstElementChild.append(Object.assign(document.createElement("div"), { className: "added", style: "height: 150px" })); },
      frames,
      press: () => log.querySelector(".message-quote").dispatchEvent(new PointerEvent("pointerdown", { bubbles: true, pointerType: "mouse" })),
      release: () => dispatchEvent(new PointerEvent("pointerup")),
      up: () => log.scrollBy(0, -5),
      away: () => log.scrollBy(0, -150),
    };
    log.scrollBy(0, -600);
    await frames();
    for (const name of ["end", ...changes]) await change[name]();
    await frames();
  }, changes);
  /** Lets the list grow without a scroll, and returns the px to the end. */
  const growth = () => list(ann).evaluate(async (log) => {
    const last = [...log.querySelectorAll(".message-body")].at(-1);
    last.style.paddingTop = "100px";
    await new Promise((ok) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(ok))));
    return log.scrollHeight - log.clientHeight - log.scrollTop;
  });
  const reset = () => list(ann).evaluate((log) => {
    log.style.cssText = "";
    for (const body of log.querySelectorAll(".message-body")) body.style.cssText = "";
    for (const row of log.querySelectorAll(".added")) row.remove();
  });
  const stays = async (...changes) => {
    await change(...changes);
    await atEnd(ann);
    await growth();
    await atEnd(ann);
    await reset();
  };
  const leaves = async (...changes) => {
    await change(...changes);
    assert.ok((await growth()) > 100, changes.join(", "));
    await reset();
  };
  await stays();
  await stays("shrink"); // a phone's keyboard opens
  await stays("grow"); // a picture or a font comes late
  await stays("grow", "shrink");
  await stays("shrink", "frames", "restore", "layout", "grow"); // the keyboard closes, the browser clamps scrollTop, and a row grows
  await stays("grow", "frames", "press", "ungrow", "frames", "shrink", "release"); // a press holds the list
  await stays("grow", "frames", "ungrow", "layout", "add"); // an edit is cancelled, the browser clamps scrollTop, and a message comes
  await stays("frames", "up", "grow"); // so few px are still the end
  await leaves("frames", "away");
  await leaves("frames", "away", "grow");
  await leaves("frames", "away", "shrink");
  await leaves("frames", "up", "frames", "up", "frames", "up"); // slowly
});

h.noFaults();
