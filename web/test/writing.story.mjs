// Formatting: shortcuts, the toolbar, and rich text that is pasted.
import assert from "node:assert/strict";
import { api, choose, field, holds, phone, press, row, say, sent, test, testEnvironment } from "./kit.mjs";

let ann, bob;
const h = testEnvironment(async (h) => {
  ann = await h.signedIn("Ann");
  bob = await h.signedIn("Bob", phone);
  await h.chat("Garden", ann, bob);
});

const toolbar = (page) => page.getByRole("toolbar", { name: "Formatting" });
const selected = (page) => page.evaluate(() => document.activeElement.value.slice(document.activeElement.selectionStart, document.activeElement.selectionEnd));

test("shortcuts format the selection, and Undo takes them back", async () => {
  await field(ann).pressSequentially("so big");
  await ann.keyboard.press("Control+Shift+ArrowLeft");
  for (const [keys, text] of [["Control+b", "so **big**"], ["Control+b", "so big"], ["Control+i", "so _big_"], ["Control+z", "so big"], ["Control+e", "so `big`"], ["Control+z", "so big"], ["Control+Shift+x", "so ~~big~~"], ["Control+z", "so big"],
    ["Control+Shift+9", "> so big"], ["Control+z", "so big"], ["Control+Shift+Digit8", "- so big"], ["Control+z", "so big"], ["Control+Shift+7", "1. so big"], ["Control+z", "so big"]]) {
    await ann.keyboard.press(keys);
    await holds(ann, text);
  }
  await field(ann).press("End");
  await ann.keyboard.press("Control+Shift+ArrowLeft");
  await ann.keyboard.press("Control+k");
  await holds(ann, "so [big](https://)");
  assert.equal(await selected(ann), "https://");
  await ann.keyboard.type("https://big.example");
  await holds(ann, "so [big](https://big.example)");
  await ann.keyboard.press("End");
  await ann.keyboard.press("Control+k"); // nothing is selected
  await ann.getByRole("dialog").getByRole("combobox").waitFor();
  await ann.keyboard.press("Escape");
  await ann.getByRole("dialog").waitFor({ state: "detached" });
  await field(ann).fill("");
  await field(ann).press("Control+b");
  await holds(ann, "****");
  await ann.keyboard.type("now");
  await ann.keyboard.press("Control+b");
  await ann.keyboard.type("!");
  await holds(ann, "**now**!");
  await ann.keyboard.press("Enter");
  await ann.locator(".message[data-seq] strong", { hasText: "now" }).waitFor();
  await choose(ann, "now", "Edit");
  const edit = ann.getByLabel("Edit message");
  await edit.press("Control+a");
  await ann.keyboard.press("Control+e");
  await ann.waitForFunction(() => document.activeElement.value === "`**now**!`");
  await edit.press("Escape");
});

test("the toolbar formats, and the device remembers whether it is shown", async () => {
  await field(ann).fill("one\ntwo");
  await field(ann).press("Control+a");
  await toolbar(ann).getByRole("button", { name: "Bulleted list" }).click();
  await holds(ann, "- one\n- two");
  await ann.locator("[data-composer]:focus").waitFor();
  await ann.keyboard.press("Control+z");
  await holds(ann, "one\ntwo");
  await field(ann).press("Control+a");
  await toolbar(ann).getByRole("button", { name: "Bold" }).focus();
  await ann.keyboard.press("ArrowLeft");
  assert.equal(await ann.evaluate(() => document.activeElement.getAttribute("aria-label")), "Quote");
  await ann.keyboard.press("Enter");
  await holds(ann, "> one\n> two");
  await h.shot(ann, "toolbar-1280");
  await press(ann, "Hide formatting");
  await toolbar(ann).waitFor({ state: "detached" });
  await ann.reload();
  await press(ann, "Show formatting");
  await toolbar(ann).getByRole("button", { name: "Bold" }).waitFor();
  await ann.reload();
  await toolbar(ann).getByRole("button", { name: "Bold" }).waitFor();
  await field(ann).fill("");
  await field(bob).fill("on a phone");
  assert.equal(await toolbar(bob).count(), 0);
  await field(bob).selectText();
  await toolbar(bob).getByRole("button", { name: "Italic" }).tap();
  await holds(bob, "_on a phone_");
  await h.shot(bob, "toolbar-360");
  await field(bob).fill("");
  await toolbar(bob).waitFor({ state: "detached" });
});

/** Pastes into the focused field, as the browser does with a clipboard of these types. */
const paste = (page, types) => page.evaluate((types) => {
  const on = document.activeElement;
  const data = new DataTransfer();
  for (const [type, text] of Object.entries(types)) data.setData(type, text);
  if (on.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true }))) document.execCommand("insertText", false, types["text/plain"]);
}, types);

test("rich text is pasted as Markdown", async () => {
  await field(ann).focus();
  for (const [html, want] of [
    ["<p>Hello <b>big</b> <i>wide</i> <a href='https://a.example/b'>world</a></p>", "Hello **big** _wide_ [world](https://a.example/b)"],
    ["<meta charset='utf-8'><strong>a </strong>b<s>c</s>", "**a** b~~c~~"],
    ["<h2>Plan</h2><p>One</p><p>Two<br>Three</p>", "## Plan\n\nOne\n\nTwo\nThree"],
    ["<ul><li>a</li><li>b<ol start='3'><li>c</li><li><b>d</b></li></ol></li></ul>", "- a\n- b\n  3. c\n  4. **d**"],
    ["<ul><li>a</li><ul><li>b</li></ul></ul>", "- a\n  - b"],
    ["<ul><li><input type='checkbox' checked> done</li><li><input type='checkbox'> open</li></ul>", "- [x] done\n- [ ] open"],
    ["<pre><code class='language-go'>a := *b\n  c()\n</code></pre>", "```go\na := *b\n  c()\n```"],
    ["<p>run <code>ls `x`</code></p>", "run `` ls `x` ``"],
    ["<table><tr><th>Who</th><th>Hours</th></tr><tr><td><b>Ann</b></td><td>8|9</td></tr></table>", "| Who | Hours |\n| --- | --- |\n| **Ann** | 8\\|9 |"],
    ["<blockquote><p>a</p><p>b</p></blockquote>", "> a\n>\n> b"],
    ["<b style='font-weight:normal' id='docs-internal-guid-1'><p><span style='font-weight:700'>bold</span><span style='font-weight:400'> not</span></p></b>", "**bold** not"],
    ["<span style='font-style:italic'>slanted</span>", "_slanted_"],
    ["<div><b>a</b></div><div>b</div>", "**a**\nb"],
    ["<a href='https://a.example/b/'>https://a.example/b</a> <a href='mailto:a@b.example'>a@b.example</a> <a href='javascript:alert(1)'>x</a>", "https://a.example/b/ a@b.example x"],
    ["<p>2*3*4 and *not emphasis* <em>but this</em></p>", "2*3*4 and \\*not emphasis* _but this_"],
    ["<style>p{color:red}</style><script>alert(1)</script><p onclick='alert(2)' style='color:red'><b>a</b></p><button>Copy</button>", "**a**"],
    ["<b>" + "<div>".repeat(200) + "deep" + "</div>".repeat(200) + "</b>", "deep"],
  ]) {
    await paste(ann, { "text/html": html, "text/plain": "plain" });
    await ann.waitForFunction(() => document.activeElement.value !== "");
    assert.equal(await field(ann).inputValue(), want, html);
    await ann.keyboard.press("Control+z");
    await holds(ann, "");
  }
  for (const [types, want] of [
    [{ "text/html": "<div style='font-family: Menlo, monospace'><i>// code</i></div>", "text/plain": "// code" }, "// code"],
    [{ "text/html": "<p>nothing special</p>", "text/plain": "nothing special" }, "nothing special"],
    [{ "text/html": "<b> </b>", "text/plain": "only this" }, "only this"],
    [{ "text/plain": "<b>not rich</b>" }, "<b>not rich</b>"],
  ]) {
    await paste(ann, types);
    await holds(ann, want);
    await field(ann).fill("");
  }
  await field(ann).fill("```\n");
  await paste(ann, { "text/html": "<b>code</b>", "text/plain": "code" }); // in a fence nothing is Markdown
  await holds(ann, "```\ncode");
  await field(ann).fill("read this");
  await field(ann).press("Control+Shift+ArrowLeft");
  await paste(ann, { "text/plain": "https://a.example/b" }); // an address over a selection
  await holds(ann, "read [this](https://a.example/b)");
  await field(ann).fill("");
});

test("the real clipboard: rich with Ctrl+V, plain with Ctrl+Shift+V", async () => {
  await ann.context().grantPermissions(["clipboard-read", "clipboard-write"]);
  await ann.evaluate(() => navigator.clipboard.write([new ClipboardItem({ "text/html": new Blob(["<p>Hello <b>there</b></p>"], { type: "text/html" }), "text/plain": new Blob(["Hello there"], { type: "text/plain" }) })]));
  await field(ann).focus();
  await ann.keyboard.press("Control+v");
  await holds(ann, "Hello **there**");
  await field(ann).fill("");
  await ann.keyboard.press("Control+Shift+v");
  await holds(ann, "Hello there");
  await field(ann).fill("");
});

test("a reload right after a key loses nothing", async () => {
  await field(ann).focus();
  const write = (text) => ann.evaluate((text) => {
    for (const c of text) document.execCommand("insertText", false, c);
    location.reload();
  }, text);
  await Promise.all([ann.waitForEvent("load"), write("nothing of this is lost")]);
  await holds(ann, "nothing of this is lost");
  await Promise.all([ann.waitForEvent("load"), write(", nor of this")]);
  await holds(ann, "nothing of this is lost, nor of this");
  await Promise.all([ann.waitForEvent("load"), ann.evaluate(() => {
    document.querySelector("[data-composer]").select();
    document.execCommand("delete");
    location.reload();
  })]);
  await ann.locator(".message[data-seq]").first().waitFor();
  await ann.waitForTimeout(500); // what was deleted would come back
  await holds(ann, "");
});

test("an edit that somebody overtook says so, and shows both texts", async () => {
  await say(ann, "Tea at four");
  await sent(ann, "Tea at four");
  const path = `${new URL(ann.url()).pathname.replace("/c/", "/api/chats/")}/messages/${await row(ann, "Tea at four").getAttribute("data-seq")}`;
  const elsewhere = (text) => api(ann, "PATCH", path, { clientId: crypto.randomUUID(), text });
  await choose(ann, "Tea at four", "Edit");
  const edit = ann.getByLabel("Edit message");
  await elsewhere("Tea at five");
  await ann.waitForFunction(() => document.querySelector(".edit-form textarea").value === "Tea at five"); // nothing was written here
  await edit.fill("Coffee at five");
  await elsewhere("Tea at six");
  const notice = ann.getByRole("alert").filter({ hasText: "edited somewhere else" });
  await notice.getByText("Tea at six", { exact: true }).waitFor();
  assert.equal(await edit.inputValue(), "Coffee at five");
  await h.shot(ann, "overtaken-1280");
  await ann.reload();
  await notice.getByText("Tea at six", { exact: true }).waitFor(); // as for an edit that is resumed
  assert.equal(await edit.inputValue(), "Coffee at five");
  await notice.getByRole("button", { name: "Use this text" }).click();
  await notice.waitFor({ state: "detached" });
  assert.equal(await edit.inputValue(), "Tea at six");
  await edit.fill("Coffee at six");
  await edit.press("Enter");
  await sent(bob, "Coffee at six");
});

test("“edited” and “Sending…” cost no line, and the time of the edit is the tooltip", async () => {
  const height = (text) => row(ann, text).evaluate((e) => e.querySelector(".message-body").parentElement.getBoundingClientRect().height);
  await say(ann, "A short text");
  await sent(ann, "A short text");
  const before = await height("A short text");
  await choose(ann, "A short text", "Edit");
  await ann.getByLabel("Edit message").fill("A shorter text");
  await ann.getByLabel("Edit message").press("Enter");
  const note = row(ann, "A shorter text").getByText("edited", { exact: true });
  await note.waitFor();
  assert.equal(await height("A shorter text"), before);
  assert.match(await note.getAttribute("title"), /\d{4}.*\d:\d\d/);
  for (const [text, shown] of [["- one\n- two", "two"], ["> quoted", "quoted"], ["```js\ncode()\n```", "code()"], ["# Topic", "Topic"]]) {
    await say(ann, text);
    const at = ann.locator(".message[data-seq]").last();
    await at.locator(".message-body", { hasText: shown }).waitFor();
    const high = await at.locator(".message-body").evaluate((e) => e.getBoundingClientRect().height);
    const { pathname } = new URL(ann.url());
    await api(ann, "PATCH", `${pathname.replace("/c/", "/api/chats/")}/messages/${await at.getAttribute("data-seq")}`, { clientId: crypto.randomUUID(), text: text.replace("o", "0") });
    await at.getByText("edited", { exact: true }).waitFor();
    assert.equal(await at.locator(".message-body").evaluate((e) => e.parentElement.lastElementChild === e && e.getBoundingClientRect().height), high, text);
  }
  await h.shot(ann, "edited-1280");
});

h.noFaults();
