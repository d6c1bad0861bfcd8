// Pictures of users and groups: chosen, cropped, shown everywhere, changed while others look, removed.
import assert from "node:assert/strict";
import { api, escape, field, phone, press, say, sent, testEnvironment, test, wide } from "./kit.mjs";

let ann, bob, room;
const h = testEnvironment(async (h) => {
  ann = await h.signedIn("Ann");
  bob = await h.signedIn("Bob", phone);
  room = await h.chat("Garden", ann, bob);
  await say(ann, "Hello");
  await sent(bob, "Hello");
});

/** Returns a picture whose left half is red and whose right half is blue. */
const halves = async (page, width = 800, height = 400) => Buffer.from(await page.evaluate(async ([width, height]) => {
  const canvas = Object.assign(document.createElement("canvas"), { width, height });
  const draw = canvas.getContext("2d");
  for (const [i, colour] of ["#ff0000", "#0000ff"].entries()) {
    draw.fillStyle = colour;
    draw.fillRect((i * width) / 2, 0, width / 2, height);
  }
  const blob = await new Promise((ok) => canvas.toBlob(ok, "image/png"));
  return [...new Uint8Array(await blob.arrayBuffer())];
}, [width, height]));

const choose = async (page, buffer, name = "halves.png") => {
  const [chooser] = await Promise.all([page.waitForEvent("filechooser"), press(page, "Choose a picture")]);
  await chooser.setFiles({ name, mimeType: "image/png", buffer });
};
const stage = (page) => page.getByRole("application", { name: "Crop picture" });
const dialog = (page) => page.getByRole("dialog");
const save = (page) => dialog(page).getByRole("button", { name: "Save" }).click();
const zoom = (page) => page.getByRole("slider", { name: "Zoom" });
/** Returns where the square is, in parts of its side: how far the picture begins left of it and above it. */
const place = (page) => stage(page).locator("img").evaluate((i) => [0 - parseFloat(i.style.left), 0 - parseFloat(i.style.top), parseFloat(i.style.width)]);
/** Waits until the picture that the element shows is loaded, and returns the colours at its left, middle and right. */
const colours = async (page, selector) => {
  await page.waitForFunction((s) => document.querySelector(s)?.naturalWidth > 0, selector);
  return page.evaluate((s) => {
    const canvas = Object.assign(document.createElement("canvas"), { width: 10, height: 10 });
    const draw = canvas.getContext("2d");
    draw.drawImage(document.querySelector(s), 0, 0, 10, 10);
    return [1, 8].map((x) => {
      const [r, , b] = draw.getImageData(x, 5, 1, 1).data;
      return r > b ? "red" : "blue";
    });
  }, selector);
};
const own = ".sidebar-me .avatar img";
const pictureOf = async (page) => (await api(page, "GET", "/api/me")).user.picture;
/** Waits until the page shows another picture than the one with this id there. */
const other = (page, selector, id) => page.waitForFunction(([s, id]) => {
  const src = document.querySelector(s)?.getAttribute("src");
  return src && !src.endsWith(`/${id}`);
}, [selector, id]);

test("a picture is chosen, cropped to its middle, and shown to others without a reload", async () => {
  await ann.goto(h.at("/me"));
  await press(ann, "Change picture");
  await dialog(ann).getByRole("button", { name: "Choose a picture" }).waitFor();
  await h.accessible(ann, "picture");
  await choose(ann, await halves(ann));
  await stage(ann).waitFor();
  assert.deepEqual(await place(ann), [50, 0, 200]);
  await h.accessible(ann, "picture-crop");
  await save(ann);
  await dialog(ann).waitFor({ state: "detached" });
  assert.deepEqual(await colours(ann, own), ["red", "blue"]);
  assert.deepEqual(await colours(bob, ".message .avatar img"), ["red", "blue"]); // it was open all the time
});

test("the pointer moves the part, and the wheel zooms at the pointer", async () => {
  const before = await pictureOf(ann);
  await press(ann, "Change picture");
  await choose(ann, await halves(ann));
  const box = await stage(ann).boundingBox();
  await ann.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
  await ann.mouse.down();
  await ann.mouse.move(box.x + box.width, box.y + box.height / 2, { steps: 5 });
  await ann.mouse.up();
  assert.deepEqual(await place(ann), [0, 0, 200]); // its left edge
  await ann.mouse.move(box.x + 1, box.y + box.height / 2);
  await ann.mouse.wheel(0, -300);
  await ann.waitForFunction(() => document.querySelector(".crop-stage img").style.width !== "200%");
  const [left, top, width] = await place(ann);
  assert.ok(left < 1 && Math.abs(top - (width / 2 - 100) / 2) < 1, `${left} ${top} ${width}`); // what is under the pointer stays
  await save(ann);
  await other(ann, own, before);
  assert.deepEqual(await colours(ann, own), ["red", "red"]);
});

test("keys move and zoom, and the slider zooms", async () => {
  const before = await pictureOf(ann);
  await press(ann, "Change picture");
  await choose(ann, await halves(ann));
  await stage(ann).focus();
  for (let i = 0; i < 6; i++) await ann.keyboard.press("Shift+ArrowLeft"); // the picture goes left
  assert.deepEqual(await place(ann), [100, 0, 200]);
  await ann.keyboard.press("+");
  assert.ok((await place(ann))[2] > 219);
  await ann.keyboard.press("-");
  assert.equal(Math.round((await place(ann))[2]), 200);
  await ann.keyboard.press("Tab");
  assert.equal(await zoom(ann).evaluate((e) => e === document.activeElement), true);
  await ann.keyboard.press("End");
  assert.equal(await zoom(ann).inputValue(), await zoom(ann).getAttribute("max"));
  await ann.keyboard.press("Escape");
  await dialog(ann).waitFor({ state: "detached" });
  assert.equal(await pictureOf(ann), before); // nothing was saved
});

test("two fingers zoom on a phone, and a dropped picture is taken", async () => {
  await bob.goto(h.at("/me"));
  await press(bob, "Change picture");
  const transfer = await bob.evaluateHandle((bytes) => {
    const data = new DataTransfer();
    data.items.add(new File([new Uint8Array(bytes)], "dropped.png", { type: "image/png" }));
    return data;
  }, [...(await halves(bob))]);
  await bob.dispatchEvent(".picture-drop", "dragover", { dataTransfer: transfer });
  await bob.dispatchEvent(".picture-drop", "drop", { dataTransfer: transfer });
  await stage(bob).waitFor();
  assert.equal(await wide(bob), false);
  await h.accessible(bob, "picture-crop");
  const { x, y, width } = await stage(bob).boundingBox();
  const touch = await bob.context().newCDPSession(bob);
  const fingers = (type, apart) => touch.send("Input.dispatchTouchEvent", { type, touchPoints: apart === undefined ? [] : [-1, 1].map((side, id) => ({ id, x: x + width / 2 + side * apart, y: y + width / 2 })) });
  await fingers("touchStart", 30);
  for (let apart = 35; apart <= 60; apart += 5) await fingers("touchMove", apart);
  await fingers("touchEnd");
  await bob.waitForFunction(() => parseFloat(document.querySelector(".crop-stage img").style.width) > 350);
  await save(bob);
  assert.deepEqual(await colours(bob, ".profile-picture .avatar img"), ["red", "blue"]);
});

test("what is no picture is refused", async () => {
  await press(ann, "Change picture");
  await choose(ann, Buffer.from("<p>hello"), "page.png");
  await dialog(ann).getByRole("alert").getByText(/Couldn't open this picture/).waitFor();
  await escape(ann, dialog(ann));
});

test("an admin sets the picture of a group; others see it, and cannot", async () => {
  await ann.goto(h.at(`/c/${room}`));
  await bob.goto(h.at(`/c/${room}`));
  await field(bob).waitFor();
  await press(bob, "Chat menu");
  await bob.getByRole("menuitem", { name: "Files" }).waitFor();
  assert.equal(await bob.getByRole("menuitem", { name: "Group picture" }).count(), 0);
  await bob.keyboard.press("Escape");
  await press(ann, "Chat menu");
  await ann.getByRole("menuitem", { name: "Group picture" }).click();
  await dialog(ann).getByRole("button", { name: "Choose a picture" }).waitFor();
  await h.accessible(ann, "picture-group");
  await choose(ann, await halves(ann));
  await save(ann);
  await dialog(ann).waitFor({ state: "detached" });
  for (const p of [ann, bob]) {
    assert.deepEqual(await colours(p, ".conversation > header .avatar img"), ["red", "blue"]);
    await field(p).focus(); // a tooltip is in no landmark
    await p.locator(".tooltip").waitFor({ state: "detached" });
    await h.accessible(p, "picture-chat");
    assert.equal(await wide(p), false);
  }
  assert.deepEqual(await colours(ann, `[data-chat="${room}"] .avatar img`), ["red", "blue"]);
});

test("pictures are in the list of members, the card, the mentions and Jump to…", async () => {
  await press(ann, "2 members");
  assert.deepEqual(await colours(ann, ".dialog .option .avatar img"), ["red", "red"]);
  await ann.keyboard.press("Escape");
  await ann.locator(".message").first().getByRole("button", { name: "Ann" }).click();
  assert.deepEqual(await colours(ann, ".user-card .avatar img"), ["red", "red"]);
  await ann.keyboard.press("Escape");
  await field(ann).fill("@bo");
  assert.deepEqual(await colours(ann, ".suggestion-list .avatar img"), ["red", "blue"]);
  await h.shot(ann, "picture-mentions");
  await field(ann).fill("");
  await ann.keyboard.press("Control+k");
  assert.deepEqual(await colours(ann, ".combobox-list .avatar.group img"), ["red", "blue"]);
  await ann.keyboard.press("Escape");
});

test("a removed picture leaves the initials, also where others look", async () => {
  await press(ann, "Chat menu");
  await ann.getByRole("menuitem", { name: "Group picture" }).click();
  await press(ann, "Remove");
  await dialog(ann).waitFor({ state: "detached" });
  for (const p of [ann, bob]) await p.locator(".conversation > header .avatar", { hasText: "G" }).waitFor();
  await ann.goto(h.at("/me"));
  await press(ann, "Change picture");
  await press(ann, "Remove");
  await ann.locator(".sidebar-me .avatar", { hasText: "A" }).waitFor();
  await bob.locator(".message .avatar", { hasText: "A" }).first().waitFor();
  assert.equal(await pictureOf(ann), undefined);
});

h.noFaults();
