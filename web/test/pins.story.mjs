// Pinned messages: the menu, the mark, the list, on two devices.
import assert from "node:assert/strict";
import { api, choose, heading, phone, post, press, row, test, testEnvironment, wide } from "./kit.mjs";

let ann, bob, party;
const h = testEnvironment(async (h) => {
  ann = await h.signedIn("Ann");
  bob = await h.signedIn("Bob");
  party = await h.chat("Party", ann, bob);
  await post(ann, party, 60, "Plan");
});
const pinButton = (page, n) => page.getByRole("button", { name: `${n} pinned message${n > 1 ? "s" : ""}`, exact: true });
const dialog = (page) => page.getByRole("dialog", { name: "Pinned messages" });

test("a message that one pins is marked for everybody, and the header counts it", async () => {
  await choose(ann, "Plan 60", "Pin");
  await row(ann, "Plan 60").getByText("Pinned", { exact: true }).waitFor();
  await row(bob, "Plan 60").getByText("Pinned", { exact: true }).waitFor();
  await pinButton(bob, 1).waitFor();
  await api(bob, "POST", `/api/chats/${party}/messages`, { clientId: "address", text: "The address: **4 Mill Lane**" });
  await choose(bob, "4 Mill Lane", "Pin");
  await pinButton(ann, 2).waitFor();
  await ann.mouse.move(600, 28); // no toolbar, and no tooltip of it
  await ann.getByRole("tooltip").waitFor({ state: "detached" });
  await h.accessible(ann, "pins-mark");
});

test("the list shows the pinned messages, the last one first, and each opens at its place", async () => {
  const { messages } = await api(ann, "GET", `/api/chats/${party}/messages?limit=60`);
  await pinButton(ann, 2).click();
  await dialog(ann).getByText("4 Mill Lane").waitFor();
  assert.match((await dialog(ann).locator(".pin").allInnerTexts())[0], /4 Mill Lane/);
  await h.accessible(ann, "pins-list");
  await api(bob, "PATCH", `/api/chats/${party}/messages/${messages.at(-1).seq}`, { text: "The address: **5 Mill Lane**" });
  await dialog(ann).getByText("5 Mill Lane").waitFor();
  await dialog(ann).locator(".pin", { hasText: "Plan 60" }).getByRole("button", { name: "Show in chat" }).click();
  await dialog(ann).waitFor({ state: "detached" });
  await ann.locator(".message.mark", { hasText: "Plan 60" }).waitFor();
  await ann.reload();
  await pinButton(ann, 2).waitFor();
});

test("unpinning and deleting take it from the list", async () => {
  await pinButton(ann, 2).click();
  await press(ann, "Unpin the message from Ann");
  await dialog(ann).locator(".pin", { hasText: "Plan 60" }).waitFor({ state: "detached" });
  await pinButton(bob, 1).waitFor();
  await row(bob, "Plan 60").getByText("Pinned", { exact: true }).waitFor({ state: "detached" });
  const { messages } = await api(bob, "GET", `/api/chats/${party}/pins`);
  await api(bob, "DELETE", `/api/chats/${party}/messages/${messages[0].seq}`);
  await dialog(ann).getByText("Nothing is pinned yet.", { exact: false }).waitFor();
  await h.accessible(ann, "pins-none");
  await ann.keyboard.press("Escape");
  await pinButton(ann, 1).waitFor({ state: "detached" });
});

test("a chat that is full says so", async () => {
  await post(ann, party, 100, "Pinned note");
  const { messages } = await api(ann, "GET", `/api/chats/${party}/messages?limit=100`);
  await ann.goto(h.at(`/c/${party}`));
  await row(ann, "Pinned note 100").waitFor();
  await ann.evaluate(async ([chat, seqs]) => {
    for (const seq of seqs) {
      for (;;) {
        const a = await fetch(`/api/chats/${chat}/messages/${seq}/pin`, { method: "PUT" });
        if (a.ok) break;
        if (a.status !== 429) throw new Error(`${a.status} ${await a.text()}`);
        await new Promise((ok) => setTimeout(ok, 200));
      }
    }
  }, [party, messages.map((m) => m.seq)]);
  await pinButton(ann, 100).waitFor();
  await api(ann, "POST", `/api/chats/${party}/messages`, { clientId: "one-more", text: "One more" });
  await choose(ann, "One more", "Pin");
  await ann.getByText("100 pinned messages already", { exact: false }).waitFor();
});

test("on a phone the list is in the chat menu", async () => {
  const small = await h.watch(await (await h.browser.newContext({ ...phone, locale: "en-GB", storageState: await bob.context().storageState() })).newPage());
  await small.goto(h.at(`/c/${party}`));
  await heading(small, "Party");
  await press(small, "Chat menu");
  await small.getByRole("menuitem", { name: "Pinned messages" }).tap();
  await dialog(small).getByText("Pinned note 100").waitFor();
  assert.equal(await wide(small), false);
  await h.accessible(small, "pins-list");
  await small.context().close();
});

h.noFaults();
