// The conversation: what is new while one reads above, what is copied, unusual letters, fingers and zoom.
import assert from "node:assert/strict";
import { allRead, api, field, list, phone, post, row, say, sent, test, testEnvironment, texts, wide } from "./kit.mjs";

let ann, bob, room;
const h = testEnvironment(async (h) => {
  ann = await h.signedIn("Ann");
  bob = await h.signedIn("Bob", phone);
  room = await h.chat("Garden", ann, bob);
});

const scrollTo = (page, top) => list(page).evaluate((e, top) => (e.scrollTop = top), top);
const divider = (page) => page.locator(".message-divider");

test("what comes while one reads further up has its line above it", async () => {
  await post(bob, room, 60, "Old");
  await texts(ann, "Old 60").waitFor();
  await allRead(ann, room);
  assert.equal(await divider(ann).count(), 0);
  await scrollTo(ann, 300);
  await ann.locator(".message-list-pill").waitFor();
  await post(bob, room, 2, "New");
  await divider(ann).waitFor({ state: "attached" });
  assert.equal(await divider(ann).evaluate((e) => e.nextElementSibling.querySelector(".message-body").textContent), "New 1");
  await ann.locator(".message-list-pill").click();
  await texts(ann, "New 2").waitFor();
  await allRead(ann, room);
  await say(bob, "At once"); // nothing is new for one who reads at the end
  await texts(ann, "At once").waitFor();
  assert.equal(await divider(ann).evaluate((e) => e.nextElementSibling.querySelector(".message-body").textContent), "New 1");
});

/** Selects from a character of one message to a character of another, and returns what is copied. */
const copied = (page, [from, start], [to, end]) => page.evaluate(([from, start, to, end]) => {
  const text = (of) => {
    const row = [...document.querySelectorAll(".message[data-seq]")].find((r) => r.textContent.includes(of));
    const walk = document.createTreeWalker(row.querySelector(".message-body"), NodeFilter.SHOW_TEXT);
    return walk.nextNode();
  };
  getSelection().setBaseAndExtent(text(from), start, text(to), end);
  const data = new DataTransfer();
  const native = text(from).parentElement.dispatchEvent(new ClipboardEvent("copy", { clipboardData: data, bubbles: true, cancelable: true }));
  return [native ? "as the browser does" : data.getData("text/plain"), getSelection().toString().length > 0];
}, [from, start, to, end]);

test("a selection over several messages copies what was selected, with names and times", async () => {
  await say(ann, "Rakes **and** spades");
  await sent(ann, "and");
  await say(ann, "Second of Ann");
  await sent(ann, "Second of Ann");
  await say(bob, "And a wheelbarrow");
  await texts(ann, "And a wheelbarrow").waitFor();
  const [part, kept] = await copied(ann, ["Second of Ann", 7], ["And a wheelbarrow", 5]);
  assert.match(part, /^Ann, [^\n]+:\nof Ann\n\nBob, [^\n]+:\nAnd a$/);
  assert.ok(kept); // the selection itself stays
  const [whole] = await copied(ann, ["Rakes", 0], ["And a wheelbarrow", 17]);
  assert.match(whole, /^Ann, [^\n]+:\nRakes \*\*and\*\* spades\nSecond of Ann\n\nBob, [^\n]+:\nAnd a wheelbarrow$/);
  assert.equal((await copied(ann, ["Second of Ann", 0], ["Second of Ann", 6]))[0], "as the browser does");
  assert.equal((await copied(ann, ["Second of Ann", 0], ["And a wheelbarrow", 0]))[0], "as the browser does"); // nothing of the second
});

test("signs that turn a text around turn nothing outside of it", async () => {
  const x = (locator, text) => locator.evaluate((e, text) => {
    const walk = document.createTreeWalker(e, NodeFilter.SHOW_TEXT);
    for (let n; (n = walk.nextNode()); ) {
      const at = n.data.indexOf(text);
      if (at < 0) continue;
      const r = document.createRange();
      r.setStart(n, at);
      r.setEnd(n, at + text.length);
      const box = r.getBoundingClientRect();
      const first = document.createRange();
      first.setStart(n, at);
      first.setEnd(n, at + 1);
      return { left: box.left, right: box.right, forward: Math.abs(first.getBoundingClientRect().left - box.left) < 1 };
    }
  }, text);
  await say(bob, "turned \u202eabc");
  const body = ann.locator(".message[data-seq]", { hasText: "turned" });
  await body.waitFor();
  await api(bob, "PATCH", `/api/chats/${room}/messages/${await body.getAttribute("data-seq")}`, { clientId: "turn", text: "turned \u202eabcd" });
  await body.getByText("edited", { exact: true }).waitFor();
  const text = await x(body, "turned"), note = await x(body, "edited");
  assert.ok(note.forward && note.left > text.right, JSON.stringify([text, note]));
  const reversed = await x(body, "abcd");
  assert.ok(note.left > reversed.right, JSON.stringify([reversed, note])); // not between the words and what is turned around
  const preview = ann.getByRole("link", { name: /Garden/ });
  const who = await x(preview, "Bob"), what = await x(preview, "turned");
  assert.ok(who.forward && who.right <= what.left, JSON.stringify([who, what]));
  await body.hover();
  await body.getByRole("button", { name: "Reply", exact: true }).click();
  await say(ann, "answered");
  await sent(ann, "answered"); // the row of a pending message is another one
  const quote = row(ann, "answered").locator(".message-quote");
  const name = await x(quote, "Bob"), quoted = await x(quote, "turned");
  assert.ok(name.forward && name.right <= quoted.left);
});

test("numbers of right-to-left lists are not cut, and stacked marks stay in their row", async () => {
  await say(ann, "1. אחת\n100000. מאה");
  await say(ann, "998. ninety\n99999999. many");
  const zalgo = "Z" + "\u0300\u0301\u0302\u0303\u0304\u0306\u0307\u0308".repeat(12) + "algo";
  await say(ann, "before the marks");
  await say(ann, zalgo);
  await say(ann, "after the marks");
  await sent(ann, "after the marks");
  for (const p of [ann, bob]) {
    await sent(p, "after the marks");
    const item = p.locator(".message-body li", { hasText: "מאה" });
    const gap = await item.evaluate((e) => {
      const box = e.getBoundingClientRect(), of = e.closest(".message").getBoundingClientRect();
      return [of.right - box.right, parseFloat(getComputedStyle(e).fontSize)];
    });
    assert.ok(gap[0] > 4 * gap[1], String(gap)); // seven signs beside it
    assert.equal(await wide(p), false);
    assert.equal(await p.locator(".message-body", { hasText: "algo" }).evaluate((e) => getComputedStyle(e).overflowY), "clip");
    await h.shot(p, `letters-${p.viewportSize().width}`);
  }
});

test("a finger that moves a few pixels still presses long, and one that scrolls does not", async () => {
  const touch = await bob.context().newCDPSession(bob);
  const at = async (type, x, y) => touch.send("Input.dispatchTouchEvent", { type, touchPoints: type === "touchEnd" ? [] : [{ x, y }] });
  await texts(bob, "after the marks").tap({ trial: true });
  const box = await texts(bob, "after the marks").boundingBox();
  await at("touchStart", box.x + 5, box.y + 5);
  for (const d of [1, 3, 2]) await at("touchMove", box.x + 5 + d, box.y + 5 + d);
  await bob.getByRole("menu").waitFor();
  await at("touchEnd");
  await bob.keyboard.press("Escape");
  await bob.getByRole("menu").waitFor({ state: "detached" });
  await at("touchStart", box.x + 5, box.y + 5);
  for (const d of [20, 40, 60]) await at("touchMove", box.x + 5, box.y + 5 + d);
  await bob.waitForTimeout(700); // longer than a long press
  assert.equal(await bob.getByRole("menu").count(), 0);
  await at("touchEnd");
});

test("zooming to 200 % and back keeps the place", async () => {
  await scrollTo(ann, 700);
  await ann.waitForTimeout(300);
  const top = () => list(ann).evaluate((box) => {
    const edge = box.getBoundingClientRect().top;
    const first = [...box.querySelectorAll(".message[data-seq]")].find((r) => r.getBoundingClientRect().bottom > edge);
    return [first.dataset.seq, Math.round(first.getBoundingClientRect().top - edge)];
  });
  const before = await top();
  for (const size of [{ width: 640, height: 400 }, { width: 1280, height: 800 }, { width: 640, height: 400 }, { width: 1280, height: 800 }]) {
    await ann.setViewportSize(size);
    await ann.waitForTimeout(300);
    assert.equal((await top())[0], before[0]);
  }
  const after = await top();
  assert.ok(Math.abs(after[1] - before[1]) <= 2, `${before} ${after}`);
  await scrollTo(ann, 1e6);
  await ann.locator(".message-list-pill").waitFor({ state: "detached" });
  await ann.setViewportSize({ width: 640, height: 400 });
  await ann.waitForTimeout(300);
  await ann.setViewportSize({ width: 1280, height: 800 });
  await ann.waitForTimeout(300);
  assert.ok(await list(ann).evaluate((e) => e.scrollHeight - e.clientHeight - e.scrollTop < 2));
  await field(ann).focus();
});

h.noFaults();
