// The composer, with a keyboard and on a phone.
import assert from "node:assert/strict";
import { allRead, api, field, heading, holds, testEnvironment, kept, phone, post, press, sent, test, texts } from "./kit.mjs";

let ann, bob, room;
const h = testEnvironment(async (h) => {
  ann = await h.signedIn("Ann");
  await h.signedIn("Bobby"); // shares no chat with them
  bob = await h.signedIn("Bob", phone);
  room = await h.chat("Garden", ann, bob);
});

const drafts = (page, ...want) => kept(page, "drafts", (d) => d.text, want);

test("Enter sends; with Shift or in a fence it is a new line, on a phone, too", async () => {
  for (const [page, name] of [[ann, "Ann"], [bob, "Bob"]]) {
    await field(page).pressSequentially(`${name} begins`);
    await page.keyboard.press("Shift+Enter");
    await page.keyboard.type("and ends");
    await holds(page, `${name} begins\nand ends`);
    await page.keyboard.press("Enter");
    await page.locator(".message[data-seq] .message-body", { hasText: `${name} begins` }).waitFor();
    await holds(page, "");

    await page.keyboard.type("```");
    await page.keyboard.press("Enter");
    await page.locator('[data-composer][enterkeyhint="enter"]').waitFor();
    await page.keyboard.type(`let ${name}`);
    await page.keyboard.press("Enter");
    await page.keyboard.type("```");
    await holds(page, `\`\`\`\nlet ${name}\n\`\`\``);
    await page.keyboard.press("Enter");
    await page.locator(".message[data-seq] pre", { hasText: `let ${name}` }).waitFor();
    await page.locator('[data-composer][enterkeyhint="send"]').waitFor();
    await page.keyboard.press("Enter"); // nothing to send
  }
});

test("Enter belongs to the input method during a composition", async () => {
  await field(ann).focus();
  const keys = await ann.context().newCDPSession(ann);
  await keys.send("Input.imeSetComposition", { text: "にほん", selectionStart: 3, selectionEnd: 3 });
  await holds(ann, "にほん");
  await keys.send("Input.dispatchKeyEvent", { type: "rawKeyDown", key: "Enter", code: "Enter", windowsVirtualKeyCode: 229 }); // the key event of an input method
  await keys.send("Input.insertText", { text: "日本" });
  await holds(ann, "日本");
  await ann.keyboard.press("Enter");
  await sent(ann, "日本");
});

test("a text that is too long stays in the field, with the reason", async () => {
  const limit = 16 * 1024;
  await field(ann).fill("ä".repeat((limit - 400) / 2));
  await ann.getByText("400 characters left", { exact: true }).waitFor();
  const long = "ä".repeat(limit / 2 + 1);
  await field(ann).fill(long);
  await ann.getByText("1 character too long", { exact: true }).waitFor();
  assert.ok(await ann.getByRole("button", { name: "Send" }).isDisabled());
  await ann.keyboard.press("Enter");
  await holds(ann, long);
  await field(ann).fill("");
  await ann.getByText(/characters/).waitFor({ state: "detached" });
});

test("@ completes members first, a colon completes emoji", async () => {
  await field(ann).pressSequentially("hi @bo");
  await ann.getByRole("option", { name: "@bobby" }).waitFor();
  assert.deepEqual(await ann.locator(".suggestion-list .option").evaluateAll((all) => all.map((e) => [...e.children].slice(-2).map((c) => c.innerText).join(" "))), ["Bob @bob", "Bobby @bobby"]);
  await h.shot(ann, "suggest-1280");
  await ann.keyboard.press("ArrowDown");
  await ann.keyboard.press("Tab");
  await holds(ann, "hi @bobby ");
  await field(ann).fill("");
  await field(ann).pressSequentially("hi @bo there");
  for (let i = 0; i < 7; i++) await ann.keyboard.press("ArrowLeft"); // into the handle
  await ann.getByRole("option", { name: "@bobby" }).waitFor();
  await press(ann, "Emoji"); // takes the focus
  await ann.getByRole("option").first().waitFor({ state: "detached" });
  await ann.keyboard.press("Escape");
  await ann.locator("[data-composer]:focus").waitFor();
  await ann.keyboard.type("o");
  await ann.getByRole("option", { name: "@bobby" }).waitFor();
  await ann.keyboard.press("Enter");
  await holds(ann, "hi @bob there");
  await ann.keyboard.press("Control+z");
  await holds(ann, "hi @boo there");
  await field(ann).fill("");
  await field(ann).pressSequentially("(:smi");
  await ann.getByRole("option", { name: /smil/ }).first().waitFor();
  await ann.keyboard.press("Escape");
  await ann.getByRole("option").first().waitFor({ state: "detached" });
  await ann.keyboard.type("l");
  const first = await ann.locator(".suggestion-list .option > span:nth-last-child(2)").first().innerText();
  assert.equal(await ann.locator('.option[aria-selected="true"]').count(), 0); // nobody chose one
  await ann.keyboard.press("Tab");
  await holds(ann, `(${first} `);
  await field(ann).fill("12:30"); // not an emoji
  assert.equal(await ann.getByRole("option").count(), 0);
  await field(bob).pressSequentially("@an");
  await bob.getByRole("option", { name: "@ann" }).tap();
  await holds(bob, "@ann ");
  for (const p of [ann, bob]) await field(p).fill("");
});

test("Enter sends what was written, and takes no emoji that nobody asked for", async () => {
  for (const text of [":-D", "std::vector", "ActiveRecord::Base", ":help", "css :hover", "deadline :10", "`:smile:`", "```ls -l```", "~~~ wow ~~~"]) {
    await field(ann).pressSequentially(text);
    if (/ ?:h/.test(text)) await ann.getByRole("option").first().waitFor();
    await ann.keyboard.press("Enter");
    await holds(ann, "");
    await ann.waitForFunction((text) => [...document.querySelectorAll(".message[data-seq] .message-body")].at(-1)?.textContent === text, text.replace(/^`+(.*?)`+$/, "$1"));
  }
  await field(ann).pressSequentially("so :tada");
  await ann.locator('.option[aria-selected="true"]', { hasText: "🎉" }).waitFor();
  await ann.keyboard.press("Enter"); // its whole name
  await holds(ann, "so 🎉 ");
  await ann.keyboard.type(":smile:");
  await holds(ann, "so 🎉 😄");
  await ann.keyboard.press("Control+z");
  await holds(ann, "so 🎉 :smile:");
  await field(ann).fill("");
});

test("emoji load on first use, are found by name, and recent ones come first", async () => {
  const tab = await h.watch(await ann.context().newPage());
  const loaded = [];
  tab.on("request", (r) => loaded.push(r.url()));
  await tab.goto(h.at(`/c/${room}`));
  await texts(tab, "日本").waitFor();
  assert.deepEqual(loaded.filter((u) => /assets\/compact/.test(u)), []);
  await field(tab).fill("Well done");
  await press(tab, "Emoji");
  await tab.getByLabel("Search emoji").fill("party pop");
  await tab.getByRole("button", { name: "party popper", exact: true }).click();
  assert.notDeepEqual(loaded.filter((u) => /assets\/compact/.test(u)), []);
  await holds(tab, "Well done🎉");
  await tab.locator("[data-composer]:focus").waitFor();
  await tab.keyboard.press("Control+z");
  await holds(tab, "Well done");
  await tab.keyboard.press("Control+Shift+z");
  await holds(tab, "Well done🎉");
  await tab.keyboard.type("!"); // the caret is after it
  await holds(tab, "Well done🎉!");
  await tab.keyboard.press("Shift+Home"); // an emoji replaces what is selected
  await press(tab, "Emoji");
  await tab.getByLabel("Search emoji").fill("party pop");
  await tab.getByRole("button", { name: "party popper", exact: true }).click();
  await holds(tab, "🎉");
  await field(tab).fill("Well done🎉!");
  await press(tab, "Emoji");
  await heading(tab, "Recently used");
  await h.shot(tab, "emoji-1280");
  await tab.getByLabel("Search emoji").press("ArrowDown");
  await tab.keyboard.press("ArrowRight");
  await tab.keyboard.press("ArrowLeft");
  await tab.keyboard.press("Enter");
  await holds(tab, "Well done🎉!🎉");
  await field(tab).fill("");
  await drafts(tab);
  await tab.close();
});

test("a file is attached, a text with its picture is pasted as text", async () => {
  const give = (page, kind, text) => field(page).evaluate((on, [kind, text]) => {
    const data = new DataTransfer();
    data.items.add(new File(["x"], "x.txt", { type: "text/plain" }));
    if (text) data.setData("text/plain", text);
    const e = kind === "paste" ? new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true }) : new DragEvent("drop", { dataTransfer: data, bubbles: true, cancelable: true });
    return !on.dispatchEvent(e);
  }, [kind, text]);
  const attached = ann.getByRole("list", { name: "Attached files" }).getByRole("listitem");
  assert.equal(await give(ann, "paste", "a table"), false);
  assert.equal(await attached.count(), 0);
  assert.equal(await give(ann, "paste"), true);
  await attached.first().waitFor();
  assert.equal(await give(ann, "drop"), true);
  await attached.nth(1).waitFor();
  for (let n = 2; n > 0; n--) await attached.first().getByRole("button", { name: "Remove x.txt" }).click();
  await attached.waitFor({ state: "detached" });
});

test("a draft stays with its chat and its reply, also after a reload", async () => {
  await ann.locator(".message", { hasText: "Bob begins" }).hover();
  await ann.locator(".message", { hasText: "Bob begins" }).getByRole("button", { name: "Reply", exact: true }).click();
  await ann.locator("[data-composer]:focus").waitFor();
  await ann.keyboard.type("half a thought");
  await ann.getByRole("link", { name: /General/ }).click();
  await heading(ann, "General");
  await holds(ann, "");
  await ann.getByRole("link", { name: /Garden.*half a thought/ }).waitFor();
  await drafts(ann, "half a thought");
  await ann.reload();
  await ann.getByRole("link", { name: /Garden/ }).click();
  await holds(ann, "half a thought");
  await ann.locator(".composer .composer-reply", { hasText: "Bob begins" }).waitFor();
  await ann.keyboard.press("Enter");
  await ann.locator(".message[data-seq]", { hasText: "half a thought" }).locator(".message-quote", { hasText: "Bob begins" }).waitFor();
  await drafts(ann);
  await ann.reload(); // a sent draft does not come back
  await texts(ann, "half a thought").waitFor();
  await holds(ann, "");
});

test("two tabs do not erase each other's drafts", async () => {
  const tab = await h.watch(await ann.context().newPage());
  await tab.goto(h.at(`/c/${room}`));
  await texts(tab, "half a thought").waitFor();
  await field(ann).fill("of the first");
  await drafts(ann, "of the first");
  await field(tab).fill("of the second");
  await drafts(ann, "of the first", "of the second");
  await ann.reload();
  await holds(ann, "of the first");
  await tab.reload();
  await holds(tab, "of the second");
  await field(tab).press("Enter");
  await sent(tab, "of the second");
  await drafts(ann, "of the first");
  await tab.close();
  await holds(ann, "of the first");
  await field(ann).fill("");
  await drafts(ann);
});

test("Up edits the user's last message", async () => {
  await api(bob, "POST", `/api/chats/${room}/messages`, { clientId: "not-anns", text: "Not Ann's" });
  await sent(ann, "Not Ann's");
  await field(ann).press("ArrowUp");
  const edit = ann.getByLabel("Edit message").and(ann.locator(":focus"));
  assert.equal(await edit.inputValue(), "of the second");
  await ann.keyboard.press("End");
  await ann.keyboard.type(" tab");
  await ann.keyboard.press("Enter");
  await sent(bob, "of the second tab");
  await ann.locator("[data-composer]:focus").waitFor();
  await ann.keyboard.press("ArrowUp");
  await edit.waitFor();
  await ann.keyboard.type("never mind");
  await ann.keyboard.press("Escape");
  await ann.locator("[data-composer]:focus").waitFor();
  await sent(ann, "of the second tab");
});

test("the last own message is found behind many others, and its absence is shown", async () => {
  await post(bob, room, 130, "Bob's"); // more than stay loaded
  await texts(ann, "Bob's 130").waitFor();
  await ann.waitForFunction(() => document.querySelectorAll(".message[data-seq]").length < 120);
  assert.equal(await texts(ann, "of the second tab").count(), 0);
  const edit = ann.getByLabel("Edit message").and(ann.locator(":focus"));
  await field(ann).press("ArrowUp");
  assert.equal(await edit.inputValue(), "of the second tab");
  await ann.keyboard.press("End");
  await ann.keyboard.type(", found");
  await ann.keyboard.press("Enter");
  await sent(ann, "of the second tab, found");
  await ann.locator("[data-composer]:focus").waitFor();

  await post(bob, room, 90, "More"); // and more than one page
  await ann.locator(".message-list-pill").click();
  await texts(ann, "More 90").waitFor();
  await ann.waitForURL(h.at(`/c/${room}`));
  await allRead(ann, room); // otherwise the chat opens at the first unread message
  await ann.reload();
  await texts(ann, "More 90").waitFor();
  await field(ann).press("ArrowUp");
  await ann.getByText(/^You have no recent messages to edit/).waitFor();
  await ann.locator("[data-composer]:focus").waitFor();
});

h.noFaults();
