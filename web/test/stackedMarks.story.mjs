// Names and texts of stacked marks ("zalgo") paint nothing over what stands above and below them, in any view.
import assert from "node:assert/strict";
import { api, escape, field, heading, press, row, say, test, testEnvironment, texts } from "./kit.mjs";

const marks = (n) => "\u0300\u0301\u0302\u0303\u0304\u0306\u0307\u0308".repeat(n);
const name = `Zed${marks(3)}`, title = `Zood${marks(3)}`, topic = `Zo${marks(3)}ne${marks(3)}`, words = `Zalgo${marks(30)}`;
let ann, zed, room;
const h = testEnvironment(async (h) => {
  ann = await h.signedIn("Ann");
  zed = await h.signedIn("Zed");
  await api(zed, "PATCH", "/api/me", { name, status: `Zen${marks(3)}` });
  room = await h.chat("Garden", ann, zed);
  await api(ann, "PATCH", `/api/chats/${room}`, { title, topic });
  for (const p of [ann, zed]) await p.goto(h.at(`/c/${room}`));
});

/** Returns the shown texts with stacked marks that nothing cuts near their own line, with the element that does. */
const unbounded = (page) => page.evaluate(() => {
  const near = 24; // px beside the padding of what cuts
  const found = [];
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let n; (n = walk.nextNode()); ) {
    if (!/[\u0300-\u0308]{6}/.test(n.data) || !n.parentElement.checkVisibility()) continue;
    const range = document.createRange();
    range.selectNodeContents(n);
    const text = range.getBoundingClientRect();
    const cuts = (e) => getComputedStyle(e).overflowY !== "visible" && !["inline", "contents"].includes(getComputedStyle(e).display);
    let e = n.parentElement;
    while (e !== document.documentElement && !cuts(e)) e = e.parentElement;
    const box = e.getBoundingClientRect(), own = getComputedStyle(e);
    if (box.top + parseFloat(own.paddingTop) < text.top - near || box.bottom - parseFloat(own.paddingBottom) > text.bottom + near) found.push(`${n.data.replace(/[\u0300-\u0308]+/g, "*").slice(0, 60)} in ${[n.parentElement, n.parentElement.parentElement].map((p) => `${p.tagName}.${p.className}`).join(" < ")}, cut by ${e.tagName}.${e.className}`);
  }
  return [...new Set(found)];
});
const bounded = async (page, view) => {
  await h.shot(page, `marks-${view.replaceAll(" ", "-")}`);
  assert.deepEqual(await unbounded(page), [], view);
};

test("in a conversation and the sidebar", async () => {
  await say(zed, words);
  await texts(ann, words).waitFor();
  await row(ann, words).hover();
  await row(ann, words).getByRole("button", { name: "Reply", exact: true }).click();
  await ann.locator(".composer-reply").waitFor();
  await bounded(ann, "a reply");
  await say(ann, "I see");
  await texts(zed, "I see").waitFor();
  const seq = await row(zed, "I see").getAttribute("data-seq");
  await api(zed, "PUT", `/api/chats/${room}/messages/${seq}/reactions/${encodeURIComponent("👍")}`);
  await api(zed, "PUT", `/api/chats/${room}/messages/${seq}/pin`);
  await ann.locator(".message-line", { hasText: "pinned a message" }).waitFor();
  await bounded(ann, "the conversation");
  await field(ann).hover();
  await ann.getByRole("button", { name: /^👍 1/ }).hover();
  await ann.locator(".tooltip").waitFor();
  await bounded(ann, "a tooltip");
  await field(ann).fill("@ze");
  await ann.getByRole("option").first().waitFor();
  await bounded(ann, "suggestions");
  await field(ann).fill("");
  await row(ann, words).getByRole("button", { name }).click();
  await ann.getByRole("dialog").waitFor();
  await bounded(ann, "a card");
});

test("in dialogs, menus and notices", async () => {
  await ann.reload();
  await press(ann, "2 members");
  await ann.getByRole("dialog").getByText(name).waitFor();
  await bounded(ann, "members");
  await ann.getByRole("button", { name: `More actions for ${name}` }).click();
  await ann.getByRole("menuitem").first().waitFor();
  await bounded(ann, "the menu of a member");
  await ann.getByRole("menuitem", { name: "Remove from chat" }).click();
  await ann.getByRole("alertdialog").waitFor();
  await bounded(ann, "a removal");
  await press(ann, "Cancel");
  await ann.getByRole("alertdialog").waitFor({ state: "detached" });
  await escape(ann, ann.getByRole("dialog"));
  for (const [item, view] of [["Pinned messages", "pins"], ["Leave", "leaving"], ["Notifications", "notifications"]]) {
    await press(ann, "Chat menu");
    await ann.getByRole("menuitem", { name: item, exact: true }).click();
    await ann.getByRole("dialog").or(ann.getByRole("alertdialog")).first().waitFor();
    await bounded(ann, view);
    await escape(ann, ann.getByRole("dialog").or(ann.getByRole("alertdialog")));
  }
  await ann.keyboard.press("Control+k");
  await ann.getByRole("dialog").getByRole("combobox").fill("z");
  await ann.getByRole("dialog").getByRole("option").nth(1).waitFor();
  await bounded(ann, "the quick switcher");
  await escape(ann, ann.getByRole("dialog"));
  await press(ann, "New chat");
  await ann.getByRole("option", { name }).click();
  await ann.getByRole("button", { name: `Remove ${name}` }).waitFor();
  await bounded(ann, "a new chat");
  await escape(ann, ann.getByRole("dialog"));
  await press(ann, "Chat menu");
  await ann.getByRole("menuitem", { name: "Hide from list" }).click();
  await ann.locator(".toast").waitFor();
  await bounded(ann, "a toast");
});

test("on the other pages", async () => {
  await api(zed, "POST", `/api/chats/${room}/messages`, { clientId: "named", text: `@ann ${words}` });
  await ann.goto(h.at("/mentions"));
  await ann.locator(".search-hit").first().waitFor();
  await bounded(ann, "mentions");
  await ann.goto(h.at("/search"));
  await ann.locator("[data-search]").fill("from:zed @ann");
  await ann.keyboard.press("Enter");
  await ann.locator(".search-hit").first().waitFor();
  await bounded(ann, "the search");
  await ann.goto(h.at("/server"));
  await ann.getByText(name).first().waitFor();
  await bounded(ann, "the server");
  await zed.goto(h.at("/me"));
  await heading(zed, "Profile and settings");
  await bounded(zed, "the profile");
  const code = await h.invite(room);
  const newcomer = await h.newBrowser();
  await newcomer.goto(h.at(`/#invite=${code}`));
  await newcomer.getByText(title).first().waitFor();
  await bounded(newcomer, "an invite");
});

h.noFaults();
