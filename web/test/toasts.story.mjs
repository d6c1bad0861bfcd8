// Toasts cover no control that one needs, in any view, also with a dialog or an on-screen keyboard.
import assert from "node:assert/strict";
import { api, closing, field, heading, list, phone, post, press, row, test, testEnvironment, texts } from "./kit.mjs";

let ann, bob, garden;
const h = testEnvironment(async (h) => {
  ann = await h.signedIn("Ann");
  bob = await h.signedIn("Bob", phone);
  garden = await h.chat("Garden", ann, bob);
  await post(ann, garden, 40, "Line");
  const { message: { seq } } = await api(ann, "POST", `/api/chats/${garden}/messages`, { clientId: "question", text: "Question" });
  await post(ann, garden, 1, "Answer", seq);
});
const toast = (page) => page.locator(".toast");
/** Shows a toast: one file more than a message takes. */
const drop = (page) => page.evaluate(() => {
  const files = new DataTransfer();
  for (let k = 0; k < 11; k++) files.items.add(new File(["x"], "x.txt"));
  dispatchEvent(new DragEvent("drop", { dataTransfer: files, cancelable: true }));
});
/** Asserts that the toast is in the view and covers no control but those of a row of a list. */
async function clear(page, where) {
  await toast(page).first().waitFor();
  const found = await page.evaluate(() => {
    const at = document.querySelector(".toasts").getBoundingClientRect();
    const covered = [...document.querySelectorAll("button, a[href], input, textarea, select, [role=menuitem]")].filter((e) => {
      const { left, right, top, bottom } = e.getBoundingClientRect();
      return !e.closest(".toasts, .message-scroller, .chat-list") && e.checkVisibility() && left < at.right && right > at.left && top < at.bottom && bottom > at.top;
    });
    const modal = document.querySelector(".dialog-overlay");
    return {
      inside: at.height > 20 && at.top >= 0 && at.bottom <= innerHeight && at.left >= 0 && at.right <= innerWidth,
      covered: covered.filter((e) => !modal || modal.contains(e)).map((e) => e.outerHTML.slice(0, 120)), // what is behind a dialog cannot be pressed
    };
  });
  assert.deepEqual(found, { inside: true, covered: [] }, `${where}, ${page.viewportSize().width} × ${page.viewportSize().height}`);
  await h.shot(page, `toast-${where}-${page.viewportSize().width}-${page.viewportSize().height}`);
}
const keyboard = { width: 360, height: 400 }; // what an on-screen keyboard leaves

test("in a conversation a toast is below the header and above what one writes", async () => {
  for (const [page, sizes] of [[ann, [{ width: 1280, height: 800 }]], [bob, [phone.viewport, keyboard]]]) {
    await page.goto(h.at(`/c/${garden}`));
    await heading(page, "Garden");
    await texts(page, "Question").waitFor();
    await page.waitForFunction(() => { // all is read
      const log = document.querySelector(".message-scroller");
      log.scrollTop = log.scrollHeight;
      return !document.querySelector(".message-list-pill, .message-list-bar");
    });
    await field(page).fill("Ten files, please");
    await drop(page);
    for (const size of sizes) {
      await page.setViewportSize(size);
      await clear(page, "conversation");
    }
    await field(page).fill("");
    await page.setViewportSize(sizes[0]);
    await page.goto(h.at("/")); // removes the attachments of the draft
    await page.goto(h.at(`/c/${garden}`));
  }
});

test("in a thread a toast is below the header of the thread", async () => {
  for (const page of [ann, bob]) {
    await page.goto(h.at(`/c/${garden}`));
    await texts(page, "Question").waitFor();
    await row(page, "Question").getByRole("button", { name: "1 reply" }).click();
    await page.locator(".thread-panel > header").waitFor();
    await drop(page);
    await clear(page, "thread");
  }
});

test("a toast is below the bar of unread messages", async () => {
  await bob.goto(h.at("/me"));
  await heading(bob, "Profile and settings");
  await post(ann, garden, 60, "Unread");
  await bob.goto(h.at(`/c/${garden}`));
  await texts(bob, "Unread 1").waitFor();
  await list(bob).evaluate((log) => log.scrollBy(0, 900));
  await bob.locator(".message-list-bar").waitFor();
  await drop(bob);
  await clear(bob, "unread");
  await press(bob, "Mark as read");
  await bob.locator(".message-list-bar").waitFor({ state: "detached" });
  await clear(bob, "read");
});

test("above a dialog there is room for a toast, with and without a keyboard", async () => {
  for (const [page, sizes] of [[ann, [{ width: 1280, height: 800 }]], [bob, [phone.viewport, keyboard]]]) {
    await page.goto(h.at(`/c/${garden}`));
    await heading(page, "Garden");
    for (const open of ["Jump", "Members", "Notifications"]) {
      if (open === "Jump") await page.keyboard.press("Control+k");
      else if (open === "Members") await press(page, "2 members");
      else {
        await press(page, "Chat menu");
        await page.getByRole("menuitem", { name: open }).click();
      }
      await page.locator(".dialog").waitFor();
      await drop(page);
      for (const size of sizes) {
        await page.setViewportSize(size);
        await clear(page, `dialog-${open}`);
        const [over, below] = await page.evaluate(() => [".toasts", ".dialog"].map((s) => document.querySelector(s).getBoundingClientRect()).map(({ bottom, top }, i) => (i ? top : bottom)));
        assert.ok(page === ann || over <= below, `the toast ends at ${over}, the dialog begins at ${below}`);
      }
      await page.setViewportSize(sizes[0]);
      await closing(page, page.locator(".dialog"), () => page.keyboard.press("Escape"));
    }
  }
});

test("on the page of settings and of the search a toast leaves the header free", async () => {
  for (const page of [ann, bob]) {
    await page.goto(h.at("/me"));
    await page.getByLabel("Status", { exact: true }).fill(`Away ${page.viewportSize().width}`);
    await page.locator("form", { has: page.getByLabel("Status", { exact: true }) }).getByRole("button", { name: "Save" }).click();
    await clear(page, "settings");
  }
});

test("in the list of chats of a phone a toast is above its foot, and what hides a chat can be undone", async () => {
  await bob.goto(h.at(`/c/${garden}`));
  await press(bob, "Chat menu");
  await bob.getByRole("menuitem", { name: "Hide from list" }).tap();
  await bob.waitForURL((url) => url.pathname === "/");
  await clear(bob, "list");
  assert.ok(await toast(bob).evaluate((e) => e.getBoundingClientRect().top > 500));
  await toast(bob).getByRole("button", { name: "Undo" }).tap();
  await heading(bob, "Garden");
});

test("a menu is above a toast", async () => {
  await bob.goto(h.at(`/c/${garden}`));
  await heading(bob, "Garden");
  await drop(bob);
  await toast(bob).waitFor();
  await press(bob, "Chat menu");
  const item = bob.getByRole("menuitem").first();
  await item.waitFor();
  const top = await bob.evaluate(() => {
    const [menu, toast] = ["[role=menu]", ".toasts"].map((s) => document.querySelector(s).getBoundingClientRect());
    document.querySelector(".toasts").style.pointerEvents = "auto"; // else no point is of a toast
    const x = Math.max(menu.left, toast.left) + 4, y = Math.max(menu.top, toast.top) + 4;
    return document.elementsFromPoint(x, y)[0]?.closest("[role=menu]") != null && menu.top < toast.bottom;
  });
  assert.ok(top, "the toast covers the menu");
});

h.noFaults();
