// Messages: their texts, and the actions on them.
import assert from "node:assert/strict";
import { api, choose, field, testEnvironment, list, phone, press, row, say, sent, test, texts, wake, wide } from "./kit.mjs";

let ann, bob;
const h = testEnvironment(async (h) => {
  ann = await h.signedIn("Ann");
  bob = await h.signedIn("Bob", phone);
  await h.chat("Garden", ann, bob);
});

/** A long press with a finger. */
async function hold(page, text) {
  await texts(page, text).tap({ trial: true }); // once it is stable and in view
  const at = await texts(page, text).boundingBox();
  const touch = await page.context().newCDPSession(page);
  await touch.send("Input.dispatchTouchEvent", { type: "touchStart", touchPoints: [{ x: at.x + 5, y: at.y + 5 }] });
  await page.getByRole("menu").waitFor();
  await touch.send("Input.dispatchTouchEvent", { type: "touchEnd", touchPoints: [] });
}

test("text and Markdown are rendered, and links are safe", async () => {
  await say(ann, "Hello @bob, <b>mind</b> the *gate*, **now** ~~later~~, `a*b*c`, snake_case and 2*3*4");
  const body = bob.locator(".message .message-body").first();
  await body.waitFor();
  assert.equal(await body.innerText(), "Hello @bob, <b>mind</b> the gate, now later, a*b*c, snake_case and 2*3*4");
  for (const [tag, text] of [["em", "gate"], ["strong", "now"], ["s", "later"], ["code", "a*b*c"], [".markdown-mention.me", "@bob"]]) assert.equal(await body.locator(tag).innerText(), text);
  await say(ann, "> quoted\n\n1. one\n2. two\n\nsee https://example.org/a_b and [x](javascript:alert(1)) or me@example.org");
  const rich = row(bob, "https://example.org/a_b");
  await rich.locator("blockquote", { hasText: "quoted" }).waitFor();
  assert.equal(await rich.locator("ol > li").count(), 2);
  const links = await rich.locator("a").evaluateAll((all) => all.map((a) => [a.href, a.target, a.rel]));
  assert.deepEqual(links, [["https://example.org/a_b", "_blank", "noopener noreferrer"], ["mailto:me@example.org", "_blank", "noopener noreferrer"]]);
  await say(ann, "disguised: [https://bank.example](https://evil.example/login)");
  assert.equal(await bob.locator(".message", { hasText: "disguised:" }).locator("a").innerText(), "https://bank.example (evil.example)");
});

test("a fence scrolls by itself and has a copy button", async () => {
  await ann.context().grantPermissions(["clipboard-read", "clipboard-write"]);
  const code = `const long = "${"word ".repeat(60)}";\n  indented();`;
  await say(bob, "```js\n" + code + "\n```");
  for (const p of [ann, bob]) {
    const pre = p.locator(".code-block pre");
    await pre.waitFor();
    assert.ok(await pre.evaluate((e) => e.scrollWidth > e.clientWidth));
    assert.equal(await wide(p), false);
    assert.equal(await list(p).evaluate((e) => e.scrollWidth > e.clientWidth), false);
  }
  await ann.locator(".code-block").hover();
  await press(ann, "Copy");
  await ann.getByText("Copied", { exact: true }).waitFor();
  assert.equal(await ann.evaluate(() => navigator.clipboard.readText()), code);
});

test("headings, tables and tasks are shown, and a wide table scrolls by itself", async () => {
  const wideTable = `| ${Array.from({ length: 30 }, (_, i) => `Column ${i}`).join(" | ")} |\n|${"---|".repeat(30)}\n| ${"value | ".repeat(30)}`;
  await say(ann, `# Plan\n## Today\n- [x] tea\n- [ ] cake\n\n| Who | Hours |\n|:--|--:|\n| **Ann** | 8 |\n\n${wideTable}\n\nEnd of plan`);
  for (const p of [ann, bob]) {
    await sent(p, "End of plan");
    const body = row(p, "End of plan").locator(".message-body");
    assert.deepEqual(await body.getByRole("heading").allInnerTexts(), ["Plan", "Today"]);
    assert.deepEqual(await body.getByRole("checkbox").evaluateAll((all) => all.map((x) => x.checked)), [true, false]);
    assert.equal(await body.getByRole("cell", { name: "Ann" }).locator("strong").count(), 1);
    assert.equal(await body.getByRole("columnheader", { name: "Hours" }).evaluate((e) => getComputedStyle(e).textAlign), "right");
    const table = body.locator(".markdown-table").last();
    assert.ok(await table.evaluate((e) => e.scrollWidth > e.clientWidth));
    assert.equal(await wide(p), false);
    assert.equal(await list(p).evaluate((e) => e.scrollWidth > e.clientWidth), false);
    await h.shot(p, `markdown-${p.viewportSize().width}`);
  }
});

test("a few emoji alone are large, and a topic's addresses are links", async () => {
  const size = (page, text) => row(page, text).locator(".message-body").evaluate((e) => parseFloat(getComputedStyle(e).fontSize));
  for (const [text, large] of [["👍🏽", true], ["🎉 👩‍👩‍👧‍👦 ❤️", true], ["🎉🎉🎉🎉", false], ["🎉 yes", false]]) {
    await say(ann, text);
    await sent(bob, text);
    assert.equal((await size(bob, text)) > 30, large, text);
  }
  const { pathname } = new URL(ann.url());
  await api(ann, "PATCH", pathname.replace("/c/", "/api/chats/"), { clientId: "topic", title: "Garden", topic: "Plans: https://plans.example/a, or mail@plans.example" });
  const links = bob.locator(".conversation > header a");
  await links.nth(1).waitFor();
  assert.deepEqual(await links.evaluateAll((all) => all.map((a) => [a.href, a.rel])), [["https://plans.example/a", "noopener noreferrer"], ["mailto:mail@plans.example", "noopener noreferrer"]]);
  await api(ann, "PATCH", pathname.replace("/c/", "/api/chats/"), { clientId: "no-topic", title: "Garden", topic: "" });
});

test("reactions by hover, by keyboard and by a long press", async () => {
  await say(bob, "It is shut");
  await texts(ann, "It is shut").waitFor();
  await row(ann, "It is shut").hover();
  await press(ann, "React with 👍");
  await bob.getByRole("button", { name: "👍 1: Ann" }).tap();
  await ann.getByRole("button", { name: "👍 2: Ann and Bob" }).waitFor();
  await hold(bob, "It is shut");
  await h.shot(bob, "menu-360");
  await bob.getByRole("menuitem", { name: "React with ❤️" }).tap();
  await ann.getByRole("button", { name: "❤️ 1: Bob" }).waitFor();
  await row(ann, "It is shut").focus();
  await ann.keyboard.press("Enter");
  await ann.getByRole("menu").waitFor();
  await ann.getByRole("menuitem", { name: "Add reaction" }).focus();
  await ann.keyboard.press("Enter");
  await ann.getByLabel("Search emoji").fill("garden");
  const emoji = await ann.locator(".emoji-grid button").first().innerText();
  await ann.getByLabel("Search emoji").press("Enter"); // the first
  await bob.getByRole("button", { name: `${emoji} 1: Ann` }).waitFor();
  await ann.getByRole("button", { name: "👍 2: Ann and Bob" }).click();
  await bob.getByRole("button", { name: "👍 1: Bob" }).waitFor();
});

test("a reply quotes its message, and the quote follows an edit and a deletion", async () => {
  await row(ann, "It is shut").hover();
  await row(ann, "It is shut").getByRole("button", { name: "Reply", exact: true }).click();
  await ann.locator(".composer .composer-reply", { hasText: "It is shut" }).waitFor();
  await say(ann, "I know");
  const quote = row(ann, "I know").locator(".message-quote");
  await quote.getByText("It is shut").waitFor();
  await hold(bob, "It is shut"); // on a phone, edit by the menu
  await bob.getByRole("menuitem", { name: "Edit", exact: true }).tap();
  await bob.getByLabel("Edit message").fill("It is locked");
  await bob.evaluate(() => new MutationObserver(() => (window.overtaken ||= !!document.querySelector(".edit-overtaken"))).observe(document.body, { childList: true, subtree: true }));
  await bob.getByLabel("Edit message").press("Enter");
  await texts(ann, "It is locked").waitFor();
  await row(ann, "It is locked").getByText("edited").waitFor();
  await quote.getByText("It is locked").waitFor();
  await bob.getByLabel("Edit message").waitFor({ state: "detached" });
  assert.ok(!(await bob.evaluate(() => window.overtaken)), "one's own edit overtook the edit");
  await hold(bob, "It is locked");
  await bob.getByRole("menuitem", { name: "Delete", exact: true }).tap();
  await bob.getByRole("alertdialog").getByRole("button", { name: "Delete" }).tap();
  await list(ann).getByText("This message was deleted.", { exact: true }).waitFor();
  await quote.getByText("deleted message").waitFor();
  assert.equal(await list(ann).locator(".reaction").count(), 0);
});

test("an edit supports fences, the limit and Escape; others' messages cannot be edited", async () => {
  await say(ann, "First text");
  await sent(ann, "First text");
  await choose(ann, "First text", "Edit");
  const edit = ann.getByLabel("Edit message");
  await edit.fill("x".repeat(16 * 1024 + 3));
  await ann.getByText("3 characters too long", { exact: true }).waitFor();
  assert.ok(await ann.getByRole("button", { name: "Save" }).isDisabled());
  await edit.fill("");
  await edit.press("Enter");
  await ann.getByText("To remove this message, delete it instead.", { exact: true }).waitFor();
  await edit.press("Escape");
  await sent(ann, "First text");
  await choose(ann, "First text", "Edit");
  await edit.fill("```");
  await edit.press("Enter");
  await ann.keyboard.type("second()\n```");
  await ann.keyboard.press("Enter");
  await bob.locator(".code-block", { hasText: "second()" }).waitFor();
  await say(bob, "Bob's own");
  await texts(ann, "Bob's own").waitFor();
  await row(ann, "Bob's own").hover();
  await row(ann, "Bob's own").getByRole("button", { name: /^More actions/ }).click();
  await ann.getByRole("menu").waitFor();
  assert.equal(await ann.getByRole("menuitem", { name: "Edit", exact: true }).count(), 0);
  await ann.keyboard.press("Escape");
});

test("without a connection a change fails with a message, and an edit's text stays", async () => {
  await say(ann, "To be changed");
  await sent(ann, "To be changed");
  await choose(ann, "To be changed", "Edit");
  h.down = true;
  await h.parley.stop("SIGKILL");
  await ann.locator(".connection-banner").waitFor();
  await ann.getByLabel("Edit message").fill("Was changed");
  await press(ann, "Save");
  await list(ann).getByText("You're not connected", { exact: false }).waitFor();
  await texts(bob, "To be changed").waitFor();
  await hold(bob, "To be changed");
  await bob.getByRole("menuitem", { name: "React with 👍" }).tap();
  await bob.locator(".toast", { hasText: "You're not connected" }).waitFor();
  await h.parley.start();
  for (const p of [ann, bob]) await wake(p);
  for (const p of [ann, bob]) await p.locator(".connection-banner").waitFor({ state: "detached", timeout: 60_000 });
  h.down = false;
  await press(ann, "Save");
  await texts(bob, "Was changed").waitFor();
});

test("shows who has seen a message, and who is typing", async () => {
  await say(ann, "Seen?");
  await sent(bob, "Seen?");
  await bob.bringToFront(); // an attended window marks it read
  await sent(ann, "Seen?"); // a pending message is another row
  await row(ann, "Seen?").focus();
  await ann.keyboard.press("Enter");
  await ann.getByText("Seen by Bob", { exact: true }).waitFor();
  await h.shot(ann, "menu-1280");
  await ann.keyboard.press("Escape");
  await field(bob).pressSequentially("I am writ");
  await ann.getByText("Bob is typing…", { exact: true }).waitFor();
  await field(bob).fill("");
});

test("presence is shown beside a name, and for a while after a disconnect", async () => {
  const me = (await api(ann, "GET", "/api/me")).user.id;
  const { chat } = await api(bob, "POST", "/api/chats", { clientId: "with-ann", kind: "direct", members: [me] });
  await ann.goto(h.at(`/c/${chat.id}`));
  const header = ann.locator(".conversation > header");
  await header.getByText("online", { exact: true }).waitFor();
  await bob.goto("about:blank");
  await header.getByText("online", { exact: true }).waitFor({ state: "detached" }); // the server's grace period of 30 s
  await bob.goto(h.at(`/c/${chat.id}`));
  await header.getByText("online", { exact: true }).waitFor();
});

test("expensive texts are rendered at once, complete, with a bounded number of elements", async () => {
  const { chat } = await api(ann, "POST", "/api/chats", { clientId: "costly", kind: "group", title: "Costly", members: [] });
  const parts = ["*a_", "_a*", "**a_", "*a__", "*é_", "[a](b (", "*a* ", "> ", "> - a\n", "- a\n", "`a` ", "a\n\n", "[a](http://b.c) ", "a\n", "@ann "];
  for (const [i, part] of parts.entries()) await api(ann, "POST", `/api/chats/${chat.id}/messages`, { clientId: `costly-${i}`, text: part.repeat(16_000 / new TextEncoder().encode(part).length).trim() });
  await api(ann, "POST", `/api/chats/${chat.id}/messages`, { clientId: "costly-end", text: "The end" });
  const from = Date.now();
  await ann.goto(h.at(`/c/${chat.id}`));
  await sent(ann, "The end");
  const sizes = new Map();
  while (sizes.size <= parts.length) { // to the beginning, page by page
    const some = await ann.locator(".message[data-seq]").evaluateAll((all) => all.map((m) => [m.dataset.seq, m.querySelectorAll(".message-body *").length]));
    for (const [seq, size] of some) sizes.set(seq, size);
    await list(ann).evaluate((box) => (box.scrollTop = 0));
    assert.ok(Date.now() - from < 60_000, "for each of them it took seconds, once");
  }
  assert.ok(Math.max(...sizes.values()) <= 520, String([...sizes.values()]));
  assert.equal(await ann.locator(".message[data-seq] .message-body").first().innerText(), "*a_".repeat(5333));
});

h.noFaults();
