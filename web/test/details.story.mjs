// Details of the looks that a designer would object to: what is cut, covered, out of line or unclear.
import assert from "node:assert/strict";
import { api, choose, closing, escape, field, heading, list, phone, press, roomOf, row, test, testEnvironment } from "./kit.mjs";

let ann, bob, cara, room;
const h = testEnvironment(async (h) => {
  ann = await h.signedIn("Ann");
  bob = await h.signedIn("Jo Young");
  cara = await h.signedIn("Cara", phone);
  await api(bob, "PATCH", "/api/me", { name: "Jo" });
  room = await h.chat("Gardening", ann, bob, cara);
});
const box = (locator) => locator.evaluate((e) => {
  const { left, right, top, bottom, width, height } = e.getBoundingClientRect();
  return { left, right, top, bottom, width, height };
});
const style = (locator, name) => locator.evaluate((e, name) => getComputedStyle(e)[name], name);
let posted = 0;
const write = async (page, text) => (await api(page, "POST", `/api/chats/${room}/messages`, { clientId: `d${posted++}`, text })).message.seq;
/** Reports whether the two boxes share a point. */
const overlap = (a, b) => a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;

test("no heading is cut where its letters go below the line", async () => {
  const out = await h.newBrowser();
  await out.goto(h.at("/"));
  await heading(out, "Sign in to Our house");
  const cut = (page) => page.evaluate(() => [...document.querySelectorAll("h1, h2, h3")].filter((e) => e.checkVisibility() && !e.matches(".sr") && getComputedStyle(e).overflowY !== "visible").flatMap((e) => {
    const range = document.createRange();
    range.selectNodeContents(e);
    const text = range.getBoundingClientRect(), at = e.getBoundingClientRect();
    return text.bottom > at.bottom + 1 ? [`${e.textContent}: ${text.bottom - at.bottom} px`] : [];
  }));
  assert.deepEqual(await cut(out), []);
  for (const path of ["/me", "/server", "/mentions", `/c/${room}`]) {
    await ann.goto(h.at(path));
    await ann.locator(".layout-pane h1").first().waitFor();
    if (path === "/me") await ann.getByRole("heading", { name: "Devices" }).waitFor();
    assert.deepEqual(await cut(ann), [], path);
  }
  await press(ann, "3 members");
  await ann.getByRole("dialog").waitFor();
  assert.deepEqual(await cut(ann), [], "members");
  await escape(ann, ann.getByRole("dialog"));
});

test("the toolbar of the next row covers neither Save nor Cancel of an edit", async () => {
  await write(ann, "To be edited");
  await write(ann, "The next row");
  await write(bob, "By somebody else");
  await list(ann).getByText("By somebody else", { exact: true }).waitFor(); // the rows move no more
  for (const [edited, next] of [["To be edited", "The next row"], ["The next row", "By somebody else"]]) {
    await choose(ann, edited, "Edit");
    const save = list(ann).getByRole("button", { name: "Save" });
    await save.waitFor();
    const at = edited === "To be edited" ? row(ann, next) : ann.locator(".message", { hasText: next });
    await at.hover();
    await at.locator(".message-tools").waitFor();
    assert.ok(!overlap(await box(at.locator(".message-tools")), await box(save)), `the toolbar covers the buttons of ${edited}`);
    await list(ann).getByRole("button", { name: "Cancel" }).click();
  }
});

test("the toolbar of a row does not cover the button that copies its code", async () => {
  await write(bob, "Run this");
  await write(bob, "```sh\nmake seed\n```");
  const code = ann.locator(".message", { hasText: "make seed" });
  await code.locator(".code-block").waitFor();
  await code.hover();
  await code.locator(".message-tools").waitFor();
  const [tools, copy] = [await box(code.locator(".message-tools")), await box(code.getByRole("button", { name: "Copy", exact: true }))];
  assert.ok(!overlap(tools, copy), JSON.stringify([tools, copy]));
  assert.ok(tools.bottom >= (await box(code)).top, "the mouse leaves the row on its way to the toolbar");
});

test("on a phone the button that jumps to new messages is one line high", async () => {
  await cara.goto(h.at("/me")); // what comes stays unread
  for (let i = 1; i <= 40; i++) await write(bob, `Line ${i}`);
  await cara.goto(h.at(`/c/${room}`));
  const pill = cara.locator(".message-list-pill", { hasText: /new messages$/ });
  await pill.waitFor();
  const at = await box(pill);
  assert.ok(at.height <= 44, `${at.height} px`);
  assert.ok(Math.abs(at.left + at.right - phone.viewport.width) < 2, JSON.stringify(at));
  await list(cara).press("Escape");
});

test("on a phone the time stands close to a short name, whose target is large", async () => {
  const author = cara.locator(".message-author", { hasText: "Jo" }).last();
  await author.waitFor();
  const [name, time] = [await box(author.locator("b")), await box(author.locator("time"))];
  assert.ok(time.left - name.right < 12, `${time.left - name.right} px between name and time`);
  const hits = await author.locator(".user-name").evaluate((e) => {
    e.scrollIntoView({ block: "center" });
    const at = e.getBoundingClientRect();
    return [[0, -10], [20, 0], [0, 4]].map(([x, y]) => e.contains(document.elementFromPoint(at.left + 10 + x, (y < 0 ? at.top : (at.top + at.bottom) / 2) + y)));
  });
  assert.deepEqual(hits, [true, true, true]);
});

test("on a phone the list says what jumps to a chat, and offers no keyboard shortcuts", async () => {
  await cara.goto(h.at("/"));
  await cara.locator(".sidebar-jump", { hasText: "Jump to…" }).waitFor();
  assert.equal(await cara.getByRole("button", { name: "Jump to…" }).count(), 1);
  const [jump, mentions] = await Promise.all([".sidebar-jump > svg", ".sidebar-mentions > svg"].map((s) => box(cara.locator(s))));
  assert.equal(jump.left, mentions.left);
  await h.accessible(cara, "sidebar-jump");
  await cara.getByRole("button", { name: "Jump to…" }).tap();
  await cara.getByRole("combobox").waitFor();
  await escape(cara, cara.getByRole("dialog"));
  await cara.getByRole("button", { name: "Menu", exact: true }).tap();
  await cara.getByRole("menuitem", { name: "Sign out" }).waitFor();
  assert.equal(await cara.getByRole("menuitem", { name: "Keyboard shortcuts" }).count(), 0);
  await escape(cara, cara.getByRole("menu"));
  await press(ann, "Menu");
  await ann.getByRole("menuitem", { name: "Keyboard shortcuts" }).waitFor();
  await ann.getByRole("menu").getByText("Sort chats", { exact: true }).waitFor(); // what the order is of
  await ann.getByRole("menuitem", { name: "Keyboard shortcuts" }).click();
  const [last, all] = [await box(ann.locator(".keyboard-help")), await box(ann.locator(".dialog"))];
  assert.ok(last.bottom < all.bottom, "the list of shortcuts is cut");
  await escape(ann, ann.getByRole("dialog"));
});

test("people are suggested by name, then handle", async () => {
  await field(ann).fill("@jo");
  const option = ann.getByRole("option", { name: /@joyoung/ });
  await option.waitFor();
  assert.equal(await option.evaluate((e) => [...e.children].slice(1).map((c) => c.innerText).join(" ")), "Jo @joyoung");
  assert.equal(await style(option.locator("b"), "fontWeight"), "600");
  assert.equal(await style(option.locator(".hint"), "fontWeight"), "400");
  await field(ann).fill("");
  await ann.keyboard.press("Control+k");
  await ann.getByRole("combobox").fill("jo");
  await ann.getByRole("option", { name: "Jo" }).first().waitFor();
  assert.equal(await style(ann.getByRole("option", { name: "Jo" }).first().locator("b"), "fontWeight"), "600");
  await ann.getByRole("combobox").fill("nobody here");
  await ann.getByText("No chats or people found for “nobody here”", { exact: true }).waitFor();
  await escape(ann, ann.getByRole("dialog"));
});

test("a search without hits says what was searched and what helps, and can clear the filters", async () => {
  await ann.goto(h.at(`/search?q=${encodeURIComponent("seeds from:joyoung has:file")}`));
  await ann.getByText("No messages found for “seeds”", { exact: true }).waitFor();
  await ann.getByText("Filters: From Jo, Has a file", { exact: true }).waitFor();
  await ann.getByText(/^Remove a filter, check the spelling/).waitFor();
  await h.accessible(ann, "search-none");
  await press(ann, "Clear filters");
  await ann.waitForURL(/\?q=seeds$/);
  await ann.getByText(/^Check the spelling/).waitFor();
  assert.equal(await ann.getByRole("combobox").inputValue(), "seeds");
  assert.equal(await ann.getByRole("button", { name: "Clear filters" }).count(), 0);
  await ann.getByRole("combobox").and(ann.locator(":focus")).waitFor();
  await ann.goto(h.at(`/search?q=${encodeURIComponent("has:video")}`));
  await ann.locator(".page-none", { hasText: "No messages found" }).waitFor();
});

test("on a phone the filters of a search stand beside its sign, as small as with a mouse", async () => {
  await cara.goto(h.at(`/search?q=${encodeURIComponent("from:joyoung has:file seeds")}`));
  await cara.locator(".search-chip").nth(1).waitFor();
  const [sign, chip] = [await box(cara.locator(".search-field > svg")), await box(cara.locator(".search-chip").first())];
  assert.ok(sign.top < chip.bottom && sign.bottom > chip.top && sign.right <= chip.left, JSON.stringify([sign, chip]));
  assert.ok(chip.height <= 33, `${chip.height} px`);
  assert.equal(await style(cara.locator(".search-field > input"), "outlineStyle"), "none"); // the ring is around all of the field
  const target = await cara.locator(".search-chip").first().evaluate((e) => {
    const at = e.getBoundingClientRect();
    return [-6, 6].every((d) => e.contains(document.elementFromPoint(at.left + 20, d < 0 ? at.top + d : at.bottom + d)));
  });
  assert.ok(target, "the target is not larger than the chip");
  await h.accessible(cara, "search-chips");
});

test("the row of filters fades at the end behind which there are more", async () => {
  const faded = (page, want) => page.waitForFunction((want) => {
    const now = getComputedStyle(document.querySelector(".search-filters"));
    return ["start", "end"].map((end) => parseInt(now.getPropertyValue(`--faded-${end}`))).join() === want;
  }, want);
  const row = cara.locator(".search-filters");
  assert.ok(await row.evaluate((e) => e.scrollWidth > e.clientWidth + 64));
  await row.evaluate((e) => e.scrollTo(0, 0));
  await faded(cara, "0,32");
  await h.shot(cara, "search-filters-360");
  await row.evaluate((e) => e.scrollTo(e.scrollWidth, 0));
  await faded(cara, "32,0");
  await ann.goto(h.at("/search?q=seeds"));
  await ann.locator(".search-filters").waitFor();
  await faded(ann, "0,0"); // all of it is visible
});

test("on a phone the title of the settings has room for one line", async () => {
  await cara.goto(h.at("/me"));
  const title = cara.getByRole("heading", { name: "Profile and settings" });
  await title.waitFor();
  assert.ok((await roomOf(title)) > 10, "too little room"); // enough in all but wide fonts
});

test("a found message names its author in full, and the chat gives way", async () => {
  await api(bob, "PATCH", "/api/me", { name: "Jo Youngblood" });
  await api(ann, "PATCH", `/api/chats/${room}`, { title: "Gardening and the common rooms of the second floor" });
  await cara.goto(h.at("/search?q=somebody"));
  const author = cara.locator(".search-hit-head > b");
  await author.waitFor();
  assert.ok(await author.evaluate((e) => e.scrollWidth <= e.clientWidth), "the name is cut");
});

test("what a mouse opens has no focus ring, and what a key opens has one", async () => {
  await ann.goto(h.at(`/c/${room}`));
  await ann.locator(".message .user-name").first().click();
  const message = ann.getByRole("dialog").getByRole("button").first();
  await message.and(ann.locator(":focus")).waitFor();
  assert.equal(await style(message, "outlineStyle"), "none");
  await ann.keyboard.press("Tab");
  assert.equal(await ann.evaluate(() => getComputedStyle(document.activeElement).outlineStyle), "solid");
  await ann.keyboard.press("Escape");
  await ann.getByRole("dialog").waitFor({ state: "detached" });
});

test("the rows of dialogs are in line with their titles and buttons, and each has a button that closes it", async () => {
  await api(bob, "POST", "/api/chats", { clientId: "open", kind: "group", title: "Lunch", open: true, members: [] });
  await ann.goto(h.at("/"));
  await press(ann, "Add chats");
  await ann.getByRole("menuitem", { name: "Browse chats" }).click();
  const lunch = ann.locator(".browse-chat", { hasText: "Lunch" });
  await lunch.waitFor();
  const lefts = [await box(lunch.locator(".avatar")), await box(ann.getByRole("dialog").getByRole("heading"))].map((b) => b.left);
  const rights = [await box(lunch.getByRole("button", { name: "Join" })), await box(ann.getByRole("dialog").getByRole("button", { name: "Close" }))].map((b) => b.right);
  assert.equal(lefts[0], lefts[1]);
  assert.equal(rights[0], rights[1]);
  await escape(ann, ann.getByRole("dialog"));
  await ann.goto(h.at(`/c/${room}`));
  await press(ann, "Chat menu");
  await ann.getByRole("menuitem", { name: "Files" }).click();
  await closing(ann, ann.getByRole("dialog"), () => press(ann, "Close"));
});

test("radio buttons and checkboxes have the accent colour, in light and dark", async () => {
  await ann.goto(h.at("/me"));
  await ann.getByRole("radio", { name: "System" }).waitFor();
  for (const colorScheme of ["light", "dark"]) {
    await ann.emulateMedia({ colorScheme });
    const accent = await ann.evaluate(() => {
      const probe = document.body.appendChild(document.createElement("i"));
      probe.style.color = "var(--accent)";
      const { color } = getComputedStyle(probe);
      probe.remove();
      return color;
    });
    const colours = await ann.locator('input:is([type="radio"], [type="checkbox"])').evaluateAll((all) => all.map((e) => getComputedStyle(e).accentColor));
    assert.ok(colours.length > 5, `${colours.length} controls`);
    assert.deepEqual([...new Set(colours)], [accent], colorScheme);
  }
  await ann.emulateMedia({ colorScheme: "light" });
});

test("in each menu a divider stands between two entries", async () => {
  /** Returns the dividers of the open menu that have no entry of its own above or below. */
  const stray = (page) => page.getByRole("menu").evaluate((menu) => {
    const entries = [...menu.querySelectorAll("[role^=menuitem], .menu-header")].map((e) => e.getBoundingClientRect());
    const lines = [...menu.querySelectorAll("*")].filter((e) => !e.matches("[role^=menuitem], [role^=menuitem] *") && e.checkVisibility()).flatMap((e) => {
      const { top, bottom } = e.getBoundingClientRect(), css = getComputedStyle(e);
      return [...(parseFloat(css.borderTopWidth) ? [top] : []), ...(parseFloat(css.borderBottomWidth) ? [bottom] : []), ...(e.matches("[role=separator]") ? [top] : [])];
    }).sort((a, b) => a - b);
    const between = (from, to) => entries.some((e) => e.top >= from - 1 && e.bottom <= to + 1);
    return lines.filter((y, i) => !between(lines[i - 1] ?? -Infinity, y) || !between(y, lines[i + 1] ?? Infinity)).map((y) => y - menu.getBoundingClientRect().top);
  });
  await ann.goto(h.at(`/c/${room}`));
  await cara.goto(h.at(`/c/${room}`));
  const lists = new Map([
    ["message", [ann, () => ann.getByRole("button", { name: /^More actions for the message/ }).last().click()]],
    ["message on a phone", [cara, () => cara.getByRole("button", { name: /^More actions for the message/ }).last().tap()]],
    ["own message", [ann, async () => {
      await write(ann, "Mine");
      await row(ann, "Mine").hover();
      await row(ann, "Mine").getByRole("button", { name: /^More actions/ }).click();
    }]],
    ["chat", [ann, () => press(ann, "Chat menu")]],
    ["chat on a phone", [cara, () => press(cara, "Chat menu")]],
    ["sidebar", [ann, () => press(ann, "Menu")]],
    ["row", [ann, () => ann.locator(".chat-row").first().click({ button: "right" })]],
    ["add", [ann, () => press(ann, "Add chats")]],
  ]);
  for (const [name, [page, open]] of lists) {
    await page.locator(".message").last().hover();
    await open();
    await page.getByRole("menuitem").first().waitFor();
    assert.deepEqual(await stray(page), [], name);
    await h.shot(page, `menu-${name}`);
    await escape(page, page.getByRole("menu"));
  }
});

h.noFaults();
