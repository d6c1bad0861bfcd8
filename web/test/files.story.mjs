// Files: chosen, dropped and pasted, sent through a killed server, and shown to others.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { api, choose, escape, field, kept, list, phone, press, row, say, testEnvironment, test, texts, wake, wide } from "./kit.mjs";

const picture = readFileSync(new URL("../../docs/phone.png", import.meta.url));
const pdf = { name: "notes.pdf", mimeType: "application/pdf", buffer: Buffer.from("%PDF-1.4\nnotes") };
const png = (name) => ({ name, mimeType: "image/png", buffer: picture });
const large = { name: "large.bin", mimeType: "application/octet-stream", buffer: Buffer.alloc(13 << 20, "x") };

let ann, bob, room;
const h = testEnvironment(async (h) => {
  ann = await h.signedIn("Ann");
  bob = await h.signedIn("Bob", phone);
  room = await h.chat("Garden", ann, bob);
});

const attach = (page, ...files) => page.locator("input[type=file]").first().setInputFiles(files);
const attached = (page) => page.getByRole("list", { name: "Attached files" }).getByRole("listitem");
const pending = (page) => page.locator(".message[data-pending]");
const files = async (page) => (await api(page, "GET", `/api/chats/${room}/messages?limit=200`)).messages.map((m) => [m.text, ...(m.files ?? []).map((f) => f.name)].join("|"));
const send = (page) => press(page, "Send");
const loaded = (page, name) => page.waitForFunction((name) => [...document.querySelectorAll(`button[aria-label="View ${name}"] img`)].some((i) => i.complete && i.naturalWidth > 0), name);

test("chosen files are listed, can be removed, and arrive with the text", async () => {
  await attach(ann, png("garden.png"), pdf, { ...pdf, name: "wrong.pdf" });
  assert.equal(await attached(ann).count(), 3);
  await press(ann, "Remove wrong.pdf");
  await h.accessible(ann, "files-attached");
  await field(ann).fill("From the garden");
  await field(ann).press("Enter");
  assert.equal(await attached(ann).count(), 0);
  await texts(bob, "From the garden").waitFor();
  const m = row(bob, "From the garden");
  await m.getByRole("button", { name: "View garden.png" }).waitFor();
  await loaded(bob, "garden.png");
  await m.getByRole("link", { name: /^Download notes\.pdf\s*1\skB$/ }).waitFor();
  const [got] = await Promise.all([bob.waitForEvent("download"), m.getByRole("link", { name: /^Download notes/ }).click()]);
  assert.equal(got.suggestedFilename(), "notes.pdf");
  assert.deepEqual(readFileSync(await got.path()), pdf.buffer);
  assert.deepEqual(await files(bob), ["From the garden|garden.png|notes.pdf"]);
});

test("files that are dropped on the page or pasted are attached", async () => {
  const transfer = (name) => ann.evaluateHandle((name) => {
    const data = new DataTransfer();
    data.items.add(new File(["hello"], name, { type: "text/plain" }));
    return data;
  }, name);
  await ann.dispatchEvent("body", "dragover", { dataTransfer: await transfer("a.txt") });
  await ann.getByText("Drop files to attach them").waitFor();
  await ann.dispatchEvent("body", "drop", { dataTransfer: await transfer("dropped.txt") });
  await ann.getByText("Drop files to attach them").waitFor({ state: "detached" });
  await field(ann).evaluate((e) => {
    const data = new DataTransfer();
    data.items.add(new File(["hello"], "pasted.txt", { type: "text/plain" }));
    e.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true }));
  });
  await attached(ann).nth(1).waitFor();
  await send(ann);
  await list(bob).getByRole("link", { name: /^Download pasted\.txt/ }).waitFor();
  assert.equal((await files(bob)).at(-1), "|dropped.txt|pasted.txt");
});

test("a message of files alone has a preview in the sidebar, a quote, and no empty text", async () => {
  await attach(ann, png("alone.png"));
  await send(ann);
  await list(bob).getByRole("button", { name: "View alone.png" }).waitFor();
  await ann.locator(`[data-chat="${room}"]`).getByText("You: Photo").waitFor();
  const m = ann.locator(".message[data-seq]").last();
  assert.equal(await m.locator(".message-body").count(), 0);
  await m.hover();
  await m.locator(".message-tools button").nth(4).click(); // reply
  await ann.locator(".composer-reply", { hasText: "1 file" }).waitFor();
  await say(ann, "About that");
  await row(bob, "About that").locator(".message-quote", { hasText: "1 file" }).waitFor();
  await attach(ann, pdf);
  await send(ann);
  await ann.locator(`[data-chat="${room}"]`).getByText("You: File: notes.pdf").waitFor();
});

test("a picture takes its place before it is loaded, so that no row moves", async () => {
  let release;
  const held = new Promise((ok) => (release = ok));
  await bob.route(/\/thumb$/, async (route) => {
    await held;
    await route.continue();
  });
  await attach(ann, png("slow.png"));
  await send(ann);
  const tile = bob.getByRole("button", { name: "View slow.png" });
  await tile.waitFor();
  const before = await tile.boundingBox();
  assert.ok(before.height > 48);
  release();
  await loaded(bob, "slow.png");
  assert.deepEqual((await tile.boundingBox()).height, before.height);
  await bob.unroute(/\/thumb$/);
});

test("an upload goes on through a killed server and a reload, in order and once", async () => {
  let patches = 0;
  h.down = true;
  await ann.route(/\/api\/uploads\//, async (route) => {
    if (route.request().method() === "PATCH" && ++patches === 2) await h.parley.stop("SIGKILL");
    await route.continue();
  });
  await attach(ann, large);
  await field(ann).fill("Large one");
  await send(ann);
  await say(ann, "Behind it");
  await pending(ann).first().getByRole("progressbar", { name: "Uploading large.bin" }).waitFor();
  await pending(ann).first().getByText("Waiting for connection").waitFor();
  await kept(ann, "files", () => "a file", ["a file"]);
  await ann.unroute(/\/api\/uploads\//);
  await h.parley.start();
  await ann.reload();
  await wake(bob);
  await texts(bob, "Behind it").waitFor();
  h.down = false;
  assert.deepEqual((await files(bob)).slice(-2), ["Large one|large.bin", "Behind it"]);
  await ann.locator(".message[data-seq]", { hasText: "Large one" }).waitFor();
  await kept(ann, "files", () => "a file", []);
  const { messages } = await api(bob, "GET", `/api/chats/${room}/messages?limit=2`);
  const [bytes, type] = await bob.evaluate(async (url) => {
    const a = await fetch(url);
    return [Array.from(new Uint8Array(await crypto.subtle.digest("SHA-256", await a.arrayBuffer()))), a.headers.get("Content-Disposition")];
  }, `/api/chats/${room}/files/${messages[0].files[0].id}`);
  assert.equal(Buffer.from(bytes).toString("hex"), createHash("sha256").update(large.buffer).digest("hex"));
  assert.match(type, /^attachment/);
});

test("an upload can be cancelled while it runs, and tried again after a refusal", async () => {
  let held;
  await ann.route(/\/api\/uploads\//, (route) => (route.request().method() === "PATCH" ? void (held = route) : route.continue()));
  await attach(ann, large);
  await send(ann);
  await pending(ann).getByText("Uploading…").waitFor();
  await h.accessible(ann, "files-uploading");
  await press(ann, "Cancel the upload of large.bin");
  await pending(ann).waitFor({ state: "detached" });
  await held?.abort().catch(() => {});
  await ann.unroute(/\/api\/uploads\//);
  await kept(ann, "files", () => "a file", []);

  await ann.route(/\/api\/uploads$/, (route) => route.fulfill({ status: 413, contentType: "application/json", body: '{"error":{"code":"quota_exceeded","message":"you have uploaded as much as one may in a day"}}' }));
  await attach(ann, pdf);
  await field(ann).fill("Refused at first");
  await send(ann);
  await pending(ann).getByRole("alert").getByText(/as much as one may in a day/).waitFor();
  await ann.unroute(/\/api\/uploads$/);
  await pending(ann).getByRole("button", { name: "Try again" }).click();
  await row(bob, "Refused at first").getByRole("link", { name: /^Download notes/ }).waitFor();
  h.faults = h.faults.filter((f) => !/ 413 |net::ERR_FAILED.*uploads/.test(f));
});

test("a file waits while the code that uploads cannot be loaded", async () => {
  let refused;
  const once = new Promise((ok) => (refused = ok));
  await ann.route(/\/assets\/uploader/, async (route) => {
    await route.abort("internetdisconnected");
    refused();
  });
  await ann.reload();
  await attach(ann, { ...pdf, name: "waited.pdf" });
  await field(ann).fill("It waited");
  await send(ann);
  await once;
  await pending(ann).getByText("Uploading…").waitFor();
  await ann.unroute(/\/assets\/uploader/);
  await row(bob, "It waited").getByRole("link", { name: /^Download waited/ }).waitFor();
  h.faults = h.faults.filter((f) => !/ERR_INTERNET.*uploader/.test(f));
});

test("a description: written by keyboard, kept through a reload and a refusal, and shown to everybody", async () => {
  const dialog = (p) => p.getByRole("dialog", { name: "Describe the picture" });
  await attach(ann, png("tulips.png"), pdf);
  assert.equal(await attached(ann).getByRole("button", { name: /description/ }).count(), 1); // of pictures
  await attached(ann).getByRole("button", { name: "Add description: tulips.png" }).focus();
  await ann.keyboard.press("Enter");
  await dialog(ann).getByLabel("Description").waitFor();
  await h.accessible(ann, "describe");
  await dialog(ann).getByLabel("Description").fill("A bed of\n tulips\u200b 🌷 ");
  await ann.keyboard.press("Enter");
  await dialog(ann).waitFor({ state: "detached" });
  const edit = attached(ann).getByRole("button", { name: "Edit description of tulips.png: A bed of tulips 🌷" });
  await edit.waitFor();
  await ann.waitForFunction(() => document.activeElement?.classList.contains("composer-describe"));
  await edit.press("Enter");
  await dialog(ann).getByLabel("Description").fill("wrong");
  await ann.keyboard.press("Escape");
  await edit.waitFor();
  await h.accessible(ann, "described");

  await ann.route(/\/api\/uploads$/, (route) => route.fulfill({ status: 413, contentType: "application/json", body: '{"error":{"code":"quota_exceeded","message":"you have uploaded as much as one may in a day"}}' }));
  await field(ann).fill("Spring");
  await send(ann);
  await pending(ann).getByRole("img", { name: "A bed of tulips 🌷" }).waitFor();
  await pending(ann).getByRole("alert").waitFor();
  await ann.reload();
  await pending(ann).getByRole("img", { name: "A bed of tulips 🌷" }).waitFor();
  await ann.unroute(/\/api\/uploads$/);
  await pending(ann).getByRole("button", { name: "Edit", exact: true }).press("Enter"); // back into the composer; a click is ignored while the row moves
  await edit.waitFor();
  await send(ann);
  for (const p of [ann, bob]) {
    const tile = row(p, "Spring").getByRole("button", { name: "View A bed of tulips 🌷" });
    await tile.press("Enter"); // a click is ignored while the row moves
    const viewer = p.getByRole("dialog", { name: "tulips.png" });
    await viewer.getByText("A bed of tulips 🌷", { exact: true }).waitFor();
    assert.equal(await viewer.locator("img").getAttribute("alt"), "A bed of tulips 🌷");
    await h.accessible(p, "viewer-description");
    assert.equal(await wide(p), false);
    await escape(p, viewer);
  }
  h.faults = h.faults.filter((f) => !/ 413 /.test(f));
  await bob.goto(h.at("/search?q=tulips"));
  await bob.locator(".search-hit", { hasText: "tulips.png" }).getByText("A bed of tulips 🌷").waitFor();
  await h.accessible(bob, "search-description");
  assert.equal(await wide(bob), false);
  await bob.goBack();

  await attach(bob, png("phone.png")); // on the phone
  await press(bob, "Add description: phone.png");
  await dialog(bob).getByLabel("Description").waitFor();
  await h.accessible(bob, "describe");
  await dialog(bob).getByLabel("Description").fill("x".repeat(1100));
  await press(bob, "Save");
  await attached(bob).getByRole("button", { name: `Edit description of phone.png: ${"x".repeat(1000)}`, exact: true }).waitFor();
  assert.equal(await wide(bob), false);
  await h.accessible(bob, "described");
  await press(bob, "Remove phone.png");
});

test("the viewer: arrow keys, download, and Escape returns the focus", async () => {
  await attach(ann, png("one.png"), png("two.png"), png("three.png"));
  await send(ann);
  for (const p of [ann, bob]) {
    const second = p.getByRole("button", { name: "View two.png" });
    await second.scrollIntoViewIfNeeded();
    await second.focus();
    await second.press("Enter");
    const viewer = p.getByRole("dialog");
    await viewer.getByText("2 of 3").waitFor();
    await viewer.locator(":focus").waitFor(); // it comes after the first paint
    await p.keyboard.press("ArrowRight");
    await viewer.getByRole("heading", { name: "three.png" }).waitFor();
    await p.keyboard.press("ArrowRight");
    await viewer.getByText("3 of 3").waitFor();
    await p.keyboard.press("Home");
    await viewer.getByText("1 of 3").waitFor();
    await viewer.getByRole("link", { name: /^Download one\.png/ }).waitFor();
    await p.waitForFunction(() => document.querySelector(".viewer img").naturalWidth > 0);
    await h.accessible(p, "viewer");
    assert.equal(await wide(p), false);
    await escape(p, viewer);
    await p.waitForFunction(() => document.activeElement?.getAttribute("aria-label") === "View two.png");
    const address = p.url();
    await second.press("Enter");
    await viewer.locator(":focus").waitFor();
    await p.goBack(); // closes the viewer, and stays in the chat
    await viewer.waitFor({ state: "detached" });
    assert.equal(p.url(), address);
  }
});

test("videos and audio have players", async () => {
  await ann.evaluate(async () => {
    const canvas = Object.assign(document.createElement("canvas"), { width: 64, height: 48 });
    const draw = canvas.getContext("2d");
    const recorder = new MediaRecorder(canvas.captureStream(), { mimeType: "video/webm" });
    const chunks = [];
    recorder.ondataavailable = (e) => chunks.push(e.data);
    const ended = new Promise((ok) => (recorder.onstop = ok));
    recorder.start();
    for (let i = 0; i < 20; i++) {
      draw.fillRect(i, i, 9, 9);
      await new Promise(requestAnimationFrame);
    }
    recorder.stop();
    await ended;
    const data = new DataTransfer();
    data.items.add(new File(chunks, "clip.webm", { type: "video/webm" }));
    data.items.add(new File(["ID3 and no music"], "song.mp3", { type: "audio/mpeg" }));
    document.body.dispatchEvent(new DragEvent("drop", { dataTransfer: data, bubbles: true, cancelable: true }));
  });
  await attached(ann).nth(1).waitFor();
  await field(ann).fill("Moving pictures");
  await send(ann);
  for (const p of [ann, bob]) {
    const m = row(p, "Moving pictures");
    const video = m.locator('video[aria-label="Video: clip.webm"]');
    await video.waitFor();
    await p.waitForFunction(() => document.querySelector("video").readyState >= 1); // its metadata came: the page may load it
    assert.equal(await video.evaluate((v) => v.controls && v.videoWidth), 64);
    await m.locator('audio[aria-label="Audio: song.mp3"]').waitFor();
    assert.equal(await m.getByRole("link", { name: /^Download/ }).count(), 2);
    assert.equal(await wide(p), false);
  }
});

test("the panel lists the files of the chat by kind", async () => {
  for (const p of [ann, bob]) {
    await press(p, "Chat menu");
    await p.getByRole("menuitem", { name: "Files" }).click();
    const panel = p.getByRole("dialog");
    await panel.getByRole("button", { name: "View garden.png" }).waitFor();
    await h.accessible(p, "chat-files");
    await panel.getByRole("button", { name: "Videos" }).click();
    await panel.getByRole("link", { name: /^Download clip\.webm/ }).waitFor();
    await panel.getByRole("button", { name: "Other files" }).click();
    await panel.getByRole("link", { name: /^Download large\.bin/ }).waitFor();
    await h.accessible(p, "chat-files-other");
    assert.equal(await wide(p), false);
    await panel.getByRole("listitem").filter({ hasText: "large.bin" }).getByRole("button", { name: "Show in chat" }).click();
    await p.locator(".message.mark", { hasText: "Large one" }).waitFor();
  }
});

test("messages with files pass axe on both screens", async () => {
  for (const p of [ann, bob]) {
    await p.goto(h.at(`/c/${room}`));
    await loaded(p, "three.png");
    await h.accessible(p, "messages-with-files");
    assert.equal(await wide(p), false);
  }
});

test("a deleted message takes its files from the page", async () => {
  await choose(ann, "Refused at first", "Delete");
  await ann.getByRole("alertdialog").getByRole("button", { name: "Delete", exact: true }).click();
  await texts(bob, "Refused at first").waitFor({ state: "detached" });
  await bob.waitForFunction(() => [...document.querySelectorAll(".message")].every((m) => !(m.querySelector(".message-deleted") && m.querySelector(".file-row"))));
});

h.noFaults();
