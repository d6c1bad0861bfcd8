// How the page looks: measures and colours that a user would notice, with a 12-hour clock and scrollbars that take space.
import assert from "node:assert/strict";
import { api, heading, list, phone, post, press, roomOf, row, say, test, testEnvironment, texts, wideScreen } from "./kit.mjs";

let ann, bob, cara, room;
const h = testEnvironment(async (h) => {
  ann = await h.signedIn("Ann", { ...wideScreen, locale: "en-US" });
  bob = await h.signedIn("Bob");
  cara = await h.signedIn("Cara", { ...phone, locale: "de-DE" });
  room = await h.chat("Garden", ann, bob, cara);
}, [], { ignoreDefaultArgs: ["--hide-scrollbars"] });

const box = (locator) => locator.evaluate((e) => {
  const { left, right, top, bottom, width, height } = e.getBoundingClientRect();
  return { left, right, top, bottom, width, height };
});

test("a grouped row is one line high, and its time fits beside it", async () => {
  await say(bob, "first");
  await say(bob, "second");
  await texts(ann, "second").waitFor();
  const second = row(ann, "second");
  await second.hover();
  const time = second.locator(".message-gutter time");
  assert.match(await time.innerText(), /^\d{1,2}:\d\d$/);
  const line = await second.evaluate((e) => parseFloat(getComputedStyle(e.querySelector("p")).lineHeight));
  assert.ok((await box(second)).height <= line + 5, `${(await box(second)).height} px for a line of ${line}`);
  const [t, text] = [await box(time), await box(texts(ann, "second"))];
  assert.ok(t.right <= text.left && t.top >= (await box(second)).top && t.bottom <= (await box(second)).bottom);
});

/** Types as fast as one does after the dialog has closed, and checks where it lands. */
async function typesInto(page, title, text) {
  await page.getByRole("dialog").waitFor({ state: "detached" });
  await page.getByPlaceholder(`Message ${title}`).and(page.locator(":focus")).waitFor();
  await page.keyboard.type(text);
  assert.equal(await page.getByPlaceholder(`Message ${title}`).inputValue(), text);
  await page.keyboard.press("Control+a");
  await page.keyboard.press("Delete");
}

test("a chat that a dialog opens has the focus in its composer", async () => {
  await ann.evaluate(() => { // React renders late, as on a busy machine
    const post = MessagePort.prototype.postMessage;
    MessagePort.prototype.postMessage = function (...args) {
      setTimeout(() => post.apply(this, args), 100);
    };
  });
  for (const title of ["Bob", "Bob"]) { // a new one, then the same again
    await press(ann, "New chat");
    await ann.getByRole("combobox").and(ann.locator(":focus")).waitFor();
    await ann.keyboard.type("bo");
    await ann.getByRole("option", { name: /Bob/ }).waitFor();
    await ann.keyboard.press("Enter");
    await press(ann, "Start chat");
    await typesInto(ann, title, "hello");
  }
  await ann.keyboard.press("Control+k");
  await ann.getByRole("combobox").and(ann.locator(":focus")).waitFor();
  await ann.keyboard.type("garden");
  await ann.getByRole("option", { name: /Garden/ }).waitFor();
  await ann.keyboard.press("Enter");
  await typesInto(ann, "Garden", "from the switcher");
  await press(ann, "3 members");
  await ann.getByRole("dialog").getByRole("button", { name: /Bob$/ }).click();
  await ann.getByRole("menuitem").first().click();
  await typesInto(ann, "Bob", "from the members");
  await press(ann, "New chat");
  await ann.keyboard.press("Escape");
  await ann.getByRole("button", { name: "New chat", exact: true }).and(ann.locator(":focus")).waitFor(); // nothing was opened
  await ann.getByRole("link", { name: /Garden/ }).click();
  await ann.locator(".message .user-name", { hasText: "Bob" }).first().click();
  await ann.getByRole("dialog").getByRole("button", { name: "Message" }).click();
  await typesInto(ann, "Bob", "from the card");
  await ann.reload();
});

test("on a phone, lifting the finger after a long press presses nothing", async () => {
  await ann.getByRole("link", { name: /Garden/ }).click();
  await heading(ann, "Garden");
  await say(ann, Array.from({ length: 12 }, (_, i) => `line ${i + 1}`).join("\n\n"));
  const message = cara.locator(".message[data-seq]").last();
  await message.getByText("line 12", { exact: true }).waitFor();
  const at = await box(message);
  const touch = await cara.context().newCDPSession(cara);
  for (const up of [40, 110, 180, 250, 320]) { // the menu lies below the finger at one of them
    const point = { x: at.right - 90, y: at.bottom - up };
    await touch.send("Input.dispatchTouchEvent", { type: "touchStart", touchPoints: [point] });
    await cara.getByRole("menu").waitFor();
    await touch.send("Input.dispatchTouchEvent", { type: "touchEnd", touchPoints: [] });
    await cara.evaluate(() => new Promise((ok) => setTimeout(() => requestAnimationFrame(ok), 400))); // a browser's click may come late
    await cara.getByRole("menu").waitFor();
    await cara.keyboard.press("Escape");
    await cara.getByRole("menu").waitFor({ state: "detached" });
  }
  assert.equal(await cara.locator(".reaction, .composer-reply").count(), 0);
  await cara.getByRole("button", { name: /^More actions for the message from Ann/ }).last().tap();
  await cara.getByRole("menuitem", { name: "React with 👍" }).tap();
  await cara.getByRole("button", { name: "👍 1: Cara" }).waitFor();
  await cara.getByRole("menu").waitFor({ state: "detached" });
});

test("on a phone a reaction is as high as with a mouse, its target is larger, and a tap leaves no highlight", async () => {
  const chip = cara.getByRole("button", { name: "👍 1: Cara" });
  const at = await box(chip);
  assert.ok(at.height <= 29, `${at.height} px`);
  await cara.touchscreen.tap((at.left + at.right) / 2, at.top - 6);
  await chip.waitFor({ state: "detached" });
  const message = cara.locator(".message[data-seq]").last();
  await message.getByText("line 3", { exact: true }).tap();
  assert.equal(await message.evaluate((e) => getComputedStyle(e).backgroundColor), "rgba(0, 0, 0, 0)");
});

test("messages, composer, typing and bars stand in one column, with scrollbars that take space", async () => {
  const columns = async () => {
    const message = ann.locator(".message.first").last();
    const [row, line, typing] = [await box(message), await box(ann.locator(".composer-line")), await ann.locator(".conversation-typing").evaluate((e) => {
      const at = e.getBoundingClientRect();
      return { left: at.left + parseFloat(getComputedStyle(e).paddingInlineStart), bottom: at.bottom - parseFloat(getComputedStyle(e).paddingBlockEnd) };
    })];
    const gutter = await box(message.locator(".message-gutter")), text = await box(message.locator("> div"));
    const near = (a, b, what) => assert.ok(Math.abs(a - b) < 1, `${what}: ${a} and ${b}`);
    near(gutter.left, line.left, "left edges of avatar and composer");
    near(text.right, line.right, "right edges of text and composer");
    near(text.left, typing.left, "left edges of text and typing");
    const ring = 4;
    assert.ok(typing.bottom <= (await box(ann.locator("[data-composer]"))).top - ring, "typing touches the focus ring");
    return row;
  };
  const short = await h.chat("Shed", ann, bob);
  await say(bob, "Hello");
  await texts(ann, "Hello").waitFor();
  await columns();
  await post(bob, short, 60, "Line");
  await texts(ann, "Line 60").waitFor();
  assert.ok(await list(ann).evaluate((e) => e.offsetWidth > e.clientWidth), "no scrollbar takes space");
  await columns();
  for (const width of [1600, 800, 600]) {
    await ann.setViewportSize({ width, height: 800 });
    await columns();
  }
  await ann.setViewportSize(wideScreen.viewport);
  await ann.getByRole("link", { name: /Garden/ }).click();
  await heading(ann, "Garden");
  await post(bob, short, 80, "More");
  await ann.getByRole("link", { name: /Shed.*80 unread/ }).click();
  await ann.locator(".message-list-bar").waitFor();
  const bar = await box(ann.locator(".message-list-bar")), row = await columns();
  assert.deepEqual([bar.left, bar.right], [row.left, row.right]);
});

test("toasts stand at the right below the header, one of each kind, and take no press", async () => {
  for (let i = 0; i < 3; i++) await ann.evaluate(() => {
    const files = new DataTransfer();
    for (let k = 0; k < 11; k++) files.items.add(new File(["x"], "x.txt")); // one more than a message takes
    dispatchEvent(new DragEvent("drop", { dataTransfer: files, cancelable: true }));
  });
  const toasts = ann.locator(".toast");
  await toasts.first().waitFor();
  assert.equal(await toasts.count(), 1);
  const at = await box(toasts);
  assert.ok(at.top >= (await box(ann.locator(".conversation > header"))).bottom && at.right > 1250 && at.top < 150, JSON.stringify(at));
  await press(ann, "2 members");
  await ann.getByRole("dialog").waitFor();
  await ann.keyboard.press("Escape");
  const attached = ann.getByRole("list", { name: "Attached files" }).getByRole("listitem");
  for (let n = await attached.count(); n > 0; n--) await attached.first().getByRole("button", { name: "Remove x.txt" }).click();
});

test("a row of the sidebar has a preview without Markdown, the time in line with the title, and mentions apart from the count", async () => {
  const garden = ann.getByRole("link", { name: /Garden/ });
  await post(bob, room, 120, "Disk");
  await api(bob, "POST", `/api/chats/${room}/messages`, { clientId: "mention", text: "**Office** is closed, @ann, see [the wiki](https://a.example/)" });
  await ann.getByRole("link", { name: /Garden.*Bob: Office is closed, @ann, see the wiki.*121 unread messages, 1 mention/ }).waitFor();
  assert.deepEqual(await garden.locator(".chat-row-count").allInnerTexts(), ["@1", "99+"]);
  const colours = await garden.locator(".chat-row-count").evaluateAll((all) => all.map((e) => getComputedStyle(e).backgroundColor));
  assert.notEqual(colours[0], colours[1]);
  for (const row of await ann.locator(".chat-row").all()) {
    const [title, time] = [await box(row.locator(".chat-row-title")), await box(row.locator("time"))];
    assert.ok(Math.abs((title.top + title.bottom - time.top - time.bottom) / 2) < 3, await row.innerText());
    const preview = row.locator(".chat-row-preview");
    if (await preview.innerText()) assert.ok((await box(preview)).height < 22, "a preview is one line");
  }
});

test("a code block has a strip with its language and Copy, straight lines and colours", async () => {
  await post(bob, room, 1, "Code follows");
  await api(bob, "POST", `/api/chats/${room}/messages`, { clientId: "code", text: "```js\nconst a = 1;\nconst b = 2;\n```" });
  for (const page of [ann, cara]) {
    if (page === ann) await ann.getByRole("link", { name: /Garden/ }).click();
    const block = page.locator(".code-block").last();
    await block.locator(".code-keyword").first().waitFor();
    const lefts = await block.locator(".code-keyword").evaluateAll((all) => all.map((e) => e.getBoundingClientRect().left));
    assert.equal(lefts[0], lefts[1]);
    assert.equal(await block.locator(".code-block-strip span").innerText(), "js");
    const [strip, code] = [await box(block.getByRole("button", { name: "Copy" })), await box(block.locator("pre"))];
    assert.ok(strip.bottom <= code.top, "Copy hides code");
  }
});

test("the emoji picker stands at its button, has categories and skin tones, and Enter takes the first", async () => {
  await ann.getByRole("link", { name: /Garden/ }).click();
  await heading(ann, "Garden");
  await press(ann, "Emoji");
  const picker = ann.getByRole("dialog", { name: "Emoji" });
  await picker.getByRole("button", { name: "Flags", exact: true }).click();
  const grid = picker.locator(".emoji-grid");
  await grid.getByRole("button", { name: "chequered flag" }).or(grid.getByRole("button", { name: "checkered flag" })).first().waitFor();
  // The bar shows the category that is read, after a jump to it and while one scrolls.
  const current = async (name) => {
    await picker.locator(".emoji-categories [aria-current]").and(picker.getByRole("button", { name, exact: true })).waitFor();
    assert.equal(await picker.locator(".emoji-categories [aria-current]").count(), 1);
  };
  await current("Flags");
  await grid.evaluate((e) => (e.scrollTop = e.querySelector("[data-section^=Food]").offsetTop - 30));
  await current("Animals & nature");
  await grid.evaluate((e) => (e.scrollTop += 60));
  await current("Food & drink");
  const look = (name) => picker.getByRole("button", { name, exact: true }).evaluate((e) => [getComputedStyle(e).backgroundColor, getComputedStyle(e).boxShadow].join());
  assert.notEqual(await look("Food & drink"), await look("Objects"));
  await grid.evaluate((e) => (e.scrollTop = 0));
  await current("Smileys & emotion");
  await picker.getByRole("button", { name: "Flags", exact: true }).click();
  await current("Flags");
  const scroll = await grid.evaluate((e) => ({ top: e.scrollTop, tooWide: e.scrollWidth - e.clientWidth }));
  assert.ok(scroll.top > 1000 && scroll.tooWide <= 0, JSON.stringify(scroll));
  const [at, button] = [await box(picker), await box(ann.getByRole("button", { name: "Emoji", exact: true }).first())];
  assert.ok(at.bottom <= button.top + 1 && at.left < button.left + 60, JSON.stringify([at, button]));
  await h.accessible(ann, "emoji-picker");
  // A search leaves the bar as it is, with no category current, and a category ends it.
  const bar = () => picker.locator(".emoji-categories button").evaluateAll((all) => all.map((e) => e.getAttribute("aria-label") + e.getBoundingClientRect().left));
  const before = await bar();
  await ann.getByLabel("Search emoji").fill("cat");
  await picker.getByRole("heading", { name: "Search results" }).waitFor();
  assert.deepEqual(await bar(), before);
  assert.equal(await picker.locator(".emoji-categories [aria-current]").count(), 0);
  await picker.getByRole("button", { name: "Objects", exact: true }).click();
  await current("Objects");
  assert.equal(await ann.getByLabel("Search emoji").inputValue(), "");
  await picker.getByRole("button", { name: "Dark skin tone", exact: true }).click();
  await ann.getByLabel("Search emoji").fill("thumbs up");
  await grid.getByRole("button", { name: "thumbs up" }).waitFor();
  await ann.getByLabel("Search emoji").press("Enter");
  await ann.waitForFunction(() => document.querySelector("[data-composer]").value === "👍🏿");
  await ann.keyboard.press("Control+a");
  await ann.keyboard.press("Delete");
  await row(ann, "Code follows 1").hover();
  await row(ann, "Code follows 1").getByRole("button", { name: "Add reaction" }).click();
  await ann.getByRole("dialog", { name: "Emoji" }).getByRole("button", { name: "grinning face", exact: true }).click();
  await ann.getByRole("button", { name: "😀 1: Ann" }).waitFor();
  await ann.mouse.move(5, 5);
  await ann.locator(".reaction.more").last().click(); // behind the chips
  await ann.getByLabel("Search emoji").fill("party pop");
  await ann.getByRole("button", { name: "party popper", exact: true }).waitFor();
  await ann.getByLabel("Search emoji").press("Enter");
  await ann.getByRole("button", { name: "🎉 1: Ann" }).waitFor();
  await cara.getByRole("button", { name: "Emoji", exact: true }).tap();
  const small = await box(cara.getByRole("dialog", { name: "Emoji" }));
  assert.ok(small.left >= 0 && small.right <= 360 && small.top >= 0, JSON.stringify(small));
  await h.shot(cara, "emoji-picker-360");
  await cara.keyboard.press("Escape");
});

test("tooltips say what an icon does and who reacted, on hover and on focus", async () => {
  const tip = ann.getByRole("tooltip");
  await ann.mouse.move(5, 5);
  await ann.getByRole("button", { name: "Jump to…" }).hover();
  await tip.waitFor();
  assert.equal(await tip.innerText(), "Jump to…Ctrl+K");
  await ann.mouse.move(640, 400);
  await tip.waitFor({ state: "detached" });
  await ann.getByRole("button", { name: "🎉 1: Ann" }).hover();
  await tip.filter({ hasText: "Ann" }).waitFor();
  await h.accessible(ann, "tooltip");
  await ann.getByRole("button", { name: "🎉 1: Ann" }).hover();
  const [above, chip] = [await box(tip), await box(ann.getByRole("button", { name: "🎉 1: Ann" }))];
  assert.ok(above.bottom <= chip.top && chip.top - above.bottom < 10 && Math.abs(above.left + above.right - chip.left - chip.right) < 60, JSON.stringify([above, chip]));
  await ann.mouse.move(5, 5);
  await tip.waitFor({ state: "detached" });
  await ann.getByRole("button", { name: "Jump to…" }).focus();
  await ann.keyboard.press("Tab");
  await tip.filter({ hasText: "New chat" }).waitFor();
  await ann.keyboard.press("Escape");
});

test("one's own name is at the foot of the sidebar and comes last in completions", async () => {
  const own = ann.getByRole("link", { name: "Ann", exact: true });
  assert.equal((await box(own)).bottom, (await box(ann.locator(".sidebar"))).bottom);
  await own.click();
  await ann.waitForURL(/\/me$/);
  await ann.getByRole("link", { name: /Garden/ }).click();
  await heading(ann, "Garden");
  await ann.getByPlaceholder("Message Garden").fill("@");
  await ann.getByRole("option").nth(2).waitFor();
  assert.deepEqual((await ann.getByRole("option").allInnerTexts()).map((s) => s.match(/@\w+/)?.[0]).slice(0, 3), ["@bob", "@cara", "@ann"]);
  await ann.getByPlaceholder("Message Garden").fill("");
});

test("on a phone the header has room for a title of two words", async () => {
  await h.chat("Release notes", ann, bob, cara);
  const title = cara.getByRole("heading", { name: "Release notes", exact: true });
  await cara.locator(".conversation-members-short", { hasText: "3" }).waitFor();
  await h.shot(cara, "header-360");
  assert.ok((await roomOf(title)) > 7, "too little room"); // enough in all but wide fonts
  await h.accessible(cara, "header");
});

h.noFaults();
