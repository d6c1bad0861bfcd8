// A press hits what it was aimed at, also if the list moved right before.
import assert from "node:assert/strict";
import { api, testEnvironment, post, row, sent, test, texts } from "./kit.mjs";

let ann, bob, room;
const h = testEnvironment(async (h) => {
  ann = await h.signedIn("Ann");
  bob = await h.signedIn("Bob");
  room = await h.chat("Garden", ann, bob);
  await post(bob, room, 40, "Line");
  await sent(ann, "Line 40");
});

const reactionsOf = async () => (await api(ann, "GET", `/api/chats/${room}/messages?limit=200`)).messages.filter((m) => m.reactions?.length).map((m) => `${m.text} ${m.reactions.map((r) => r.emoji).join("")}`);
const middle = async (locator) => {
  const b = await locator.boundingBox();
  return [b.x + b.width / 2, b.y + b.height / 2];
};
/** Waits until the toolbar is on the row. */
const toolOf = async (text) => {
  await texts(ann, text).hover();
  const thumb = row(ann, text).getByRole("button", { name: "React with 👍" });
  await thumb.waitFor();
  return thumb;
};
/** Runs act in Ann's page, ms after the row is mounted. */
const once = (text, ms) => ann.evaluate(([text, ms]) => new Promise((ok) => {
  const found = () => [...document.querySelectorAll(".message")].some((m) => m.textContent.includes(text));
  const watch = new MutationObserver(() => {
    if (!found()) return;
    watch.disconnect();
    setTimeout(ok, ms);
  });
  watch.observe(document.body, { childList: true, subtree: true });
}), [text, ms]);

for (const [ms, n] of [[0, 1], [60, 2], [120, 3], [200, 4]]) {
  test(`a press ${ms} ms after a new message does not hit that message`, async () => {
    const [x, y] = await middle(await toolOf(n === 1 ? "Line 40" : `New ${n - 1} 1`));
    await ann.mouse.move(x, y, { steps: 4 });
    const before = await reactionsOf();
    const moving = ms === 120; // a hand is never completely still
    const come = once(`New ${n} 1`, ms);
    await post(bob, room, 1, `New ${n}`);
    if (moving) await ann.mouse.move(x + 1, y);
    await come;
    await ann.mouse.down();
    await ann.mouse.up();
    await sent(ann, `New ${n} 1`);
    await api(ann, "GET", "/api/me"); // after anything that the press sent
    const now = await reactionsOf();
    assert.ok(!now.some((r) => r.startsWith(`New ${n} 1`)), `it went to the newcomer: ${now}`);
    assert.deepEqual(now, before);
  });
}

test("a message between press and release does not take the press away", async () => {
  const thumb = await toolOf("New 4 1");
  const [x, y] = await middle(thumb);
  await ann.mouse.move(x, y, { steps: 4 });
  await ann.mouse.down();
  await post(bob, room, 1, "Between");
  await texts(ann, "Between 1").waitFor({ state: "attached" });
  await ann.mouse.up();
  await row(ann, "New 4 1").getByRole("button", { name: /^👍 1/ }).waitFor();
  assert.deepEqual(await reactionsOf(), ["New 4 1 👍"]);
  await ann.waitForFunction(() => { // then the list follows its end again
    const box = document.querySelector(".message-scroller");
    return box.scrollHeight - box.clientHeight - box.scrollTop < 8;
  });
});

test("a chip that moved under the pointer takes no press", async () => {
  await post(bob, room, 1, "Chips");
  await sent(ann, "Chips 1");
  const { messages } = await api(ann, "GET", `/api/chats/${room}/messages?limit=200`);
  const at = (text) => messages.find((m) => m.text === text).seq;
  for (const text of ["Between 1", "Chips 1"]) await api(bob, "PUT", `/api/chats/${room}/messages/${at(text)}/reactions/${encodeURIComponent("🎉")}`);
  const chip = (text) => row(ann, text).getByRole("button", { name: /^🎉/ });
  await chip("Between 1").waitFor();
  await chip("Chips 1").waitFor();
  const [x, y] = await middle(chip("Between 1"));
  const gap = (await middle(chip("Chips 1")))[1] - y;
  const { height } = await row(ann, "Line 20").boundingBox();
  const line = await texts(ann, "Line 20").evaluate((e) => parseFloat(getComputedStyle(e).lineHeight));
  const lines = 1 + Math.round((gap - height) / line); // as high as the distance of the chips
  await ann.mouse.move(x, y, { steps: 4 });
  const before = await reactionsOf();
  const come = once("Tall", 50);
  await api(bob, "POST", `/api/chats/${room}/messages`, { clientId: "tall", text: Array(lines).fill("Tall").join("\n") });
  await come;
  const under = () => ann.evaluate(([x, y]) => document.elementFromPoint(x, y).closest(".message").textContent, [x, y]);
  assert.match(await under(), /Chips 1/);
  await ann.mouse.down();
  await ann.mouse.up();
  await api(ann, "GET", "/api/me");
  assert.deepEqual(await reactionsOf(), before);
  for (const until = Date.now() + 10_000; (await chip("Chips 1").getAttribute("aria-pressed")) !== "true"; ) { // a later press hits it
    assert.ok(Date.now() < until);
    await chip("Chips 1").click();
    await api(ann, "GET", "/api/me");
  }
});

/** Sends a message from Bob to the chat, and runs act at the moment when the order of the selected elements changes. */
async function reorders(chatId, select, act) {
  const changed = ann.evaluate((select) => new Promise((ok) => {
    const order = () => [...document.querySelectorAll(select)].map((e) => e.textContent.slice(0, 12)).join();
    const was = order();
    const watch = new MutationObserver(() => {
      if (order() === was) return;
      watch.disconnect();
      ok();
    });
    watch.observe(document.body, { childList: true, subtree: true });
  }), select);
  await post(bob, chatId, 1, `Reorders ${crypto.randomUUID()}`);
  await changed;
  await act();
}
const click = async () => {
  await ann.mouse.down();
  await ann.mouse.up();
};

test("a chat that took another one's place is not opened by a press aimed at that one", async () => {
  const ids = [];
  for (const title of ["Attic", "Cellar", "Kitchen"]) {
    const { user } = await api(bob, "GET", "/api/me");
    const { chat } = await api(ann, "POST", "/api/chats", { clientId: title, kind: "group", title, members: [user.id] });
    ids.push(chat.id);
  }
  const rows = ann.locator(".chat-row .chat-row-title");
  await rows.getByText("Kitchen").waitFor();
  assert.equal(await rows.first().innerText(), "Kitchen");
  const [x, y] = await middle(rows.first());
  const before = ann.url();
  await ann.mouse.move(900, 400);
  await reorders(ids[0], ".chat-row .chat-row-title", async () => {
    await ann.mouse.move(x, y);
    await click();
  });
  assert.equal(await rows.first().innerText(), "Attic");
  assert.equal(ann.url(), before);
  for (const until = Date.now() + 10_000; ann.url() === before; ) {
    assert.ok(Date.now() < until);
    await rows.first().click();
    await api(ann, "GET", "/api/me");
  }
  await ann.getByRole("heading", { name: "Attic", exact: true }).waitFor();

  await ann.keyboard.press("Control+k");
  const options = ann.getByRole("option");
  await options.first().waitFor();
  const [ox, oy] = await middle(options.first());
  await ann.mouse.move(ox, oy, { steps: 4 });
  const first = await options.first().innerText(); // the options stay in their order while the dialog is open
  await api(bob, "POST", `/api/chats/${ids[1]}/messages`, { clientId: "while-open", text: "While the dialog is open" });
  await ann.waitForFunction(() => document.querySelector(".chat-row .chat-row-title")?.textContent === "Cellar");
  assert.equal(await options.first().innerText(), first);
  await click();
  await ann.getByRole("heading", { name: "Attic", exact: true }).waitFor();
});

h.noFaults();
