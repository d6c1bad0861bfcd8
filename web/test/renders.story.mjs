// What the page renders and paints for each keystroke and message, counted: times differ between machines.
import assert from "node:assert/strict";
import { allRead, field, list, post, sent, say, test, testEnvironment, texts } from "./kit.mjs";

let ann, bob, room;
const h = testEnvironment(async (h) => {
  ann = await h.signedIn("Ann");
  bob = await h.signedIn("Bob");
  room = await h.chat("Garden", ann, bob);
});

test("a keystroke renders the composer once, and none of its buttons", async () => {
  await ann.addInitScript(() => { // what the developer tools of React set, too
    globalThis.commits = 0;
    globalThis.__REACT_DEVTOOLS_GLOBAL_HOOK__ = { supportsFiber: true, inject: () => 1, onCommitFiberRoot: () => void commits++, onCommitFiberUnmount() {}, onPostCommitFiberRoot() {} };
  });
  await ann.reload();
  await ann.getByRole("button", { name: "Bold", exact: true }).waitFor(); // it loads later than the composer
  await field(ann).pressSequentially("The first words, ", { delay: 20 });
  const found = await ann.evaluate(async () => {
    const quiet = () => new Promise((ok) => { // nothing is rendered for some frames
      const look = (was, frames) => requestAnimationFrame(() => (was === commits && frames === 0 ? ok() : look(commits, was === commits ? frames - 1 : 10)));
      look(commits, 10);
    });
    await quiet();
    const form = document.querySelector(".composer"), all = [...form.querySelectorAll("*")];
    const props = (e) => e[Object.keys(e).find((k) => k.startsWith("__reactProps"))]; // another object after each render
    globalThis.before = { commits, props: all.map(props) };
    globalThis.after = async () => {
      await quiet();
      return { commits: commits - before.commits, rendered: all.filter((e, i) => props(e) !== before.props[i]).map((e) => e.localName) };
    };
    return all.length;
  });
  assert.ok(found > 20, `${found} elements in the composer`);
  const letters = "and twenty letters..";
  await ann.keyboard.type(letters, { delay: 20 });
  const { commits, rendered } = await ann.evaluate(() => after());
  assert.ok(commits < 1.5 * letters.length, `${commits} commits`); // two for each were too many; other views may render meanwhile
  assert.ok(rendered.includes("textarea"));
  assert.deepEqual(rendered.filter((e) => ["button", "svg", "input"].includes(e)), []);
  await field(ann).fill("");
});

test("a message of plain text has no clip and one layer of its own", async () => {
  await say(bob, "A plain text");
  await post(bob, room, 3, "plain");
  await say(bob, "Z" + "\u0300\u0301\u0302\u0303".repeat(9));
  await sent(ann, "plain 3");
  const row = texts(ann, "plain 3").locator("xpath=ancestor::li");
  const costly = (item) => item.evaluate((li) => [...li.querySelectorAll("*")].filter((e) => {
    const s = getComputedStyle(e);
    return s.position !== "static" || s.overflowY === "clip";
  }).map((e) => `${e.localName}.${e.className}`));
  for (const item of [row, texts(ann, "A plain text").locator("xpath=ancestor::li")]) assert.deepEqual(await costly(item), []);
  const marked = ann.locator(".message", { hasText: "Z\u0300" });
  assert.deepEqual(await costly(marked.last()), ["div.message-body stacked", "p."]);
});

test("after all is read, new messages do not bring back how many were unread", async () => {
  await ann.goto(h.at("/me"));
  await post(bob, room, 40, "unread");
  await ann.goto(h.at(`/c/${room}`));
  const bar = ann.locator(".message-list-bar");
  await bar.waitFor();
  await list(ann).press("Escape"); // marks all as read
  await bar.waitFor({ state: "detached" });
  await allRead(ann, room);
  await list(ann).press("End");
  await ann.evaluate(() => {
    globalThis.bars = 0;
    new MutationObserver((all) => (bars += all.flatMap((m) => [...m.addedNodes]).filter((n) => n.className === "message-list-bar").length)).observe(document.querySelector(".message-list"), { childList: true });
  });
  await post(bob, room, 5, "later");
  await sent(ann, "later 5");
  await allRead(ann, room);
  assert.equal(await ann.evaluate(() => bars), 0);
});

h.noFaults();
