// Nothing that a stranger uploads runs in anybody's browser: files that are scripts as well are opened directly and
// embedded in pages of Parley and of others.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { api, list, testEnvironment, test } from "./kit.mjs";

const script = 'console.log("ran");alert("ran");new Image().src="/ran";';
const html = `<!DOCTYPE html><html><body onload='${script}'><script>${script}</script><p>hello</p></body></html>`;
// One pixel; its size is also the beginning of a comment, which ends behind the picture.
const gif = Buffer.concat([Buffer.from("GIF89a/*", "latin1"), Buffer.from([0x01, 0x00, 0x80, 0, 0, 0, 0, 0, 255, 255, 255, 0x2c, 0, 0, 0, 0, 1, 0, 1, 0, 0, 2, 2, 0x44, 1, 0, 0x3b]), Buffer.from(`*/=1;${script}`)]);
const png = Buffer.from("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==", "base64");
const pdf = `%PDF-1.4
1 0 obj<</Type/Catalog/Pages 2 0 R/OpenAction<</S/JavaScript/JS(app.alert\\("ran"\\);this.submitForm\\("/ran"\\))>>>>endobj
2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj
3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 99 99]>>endobj
trailer<</Root 1 0 R>>
%%EOF`;
const xslt = `<?xml version="1.0"?><?xml-stylesheet type="text/xsl" href="#style"?><!DOCTYPE doc [<!ATTLIST xsl:stylesheet id ID #REQUIRED>]>
<doc><xsl:stylesheet id="style" version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform"><xsl:template match="/"><html><body><script>${script}</script></body></html></xsl:template></xsl:stylesheet></doc>`;
const svg = `<svg xmlns="http://www.w3.org/2000/svg" onload='${script}' width="9" height="9"><script>${script}</script><foreignObject><body xmlns="http://www.w3.org/1999/xhtml"><script>${script}</script></body></foreignObject></svg>`;

/** name, the type that its sender claims, its bytes, and whether browsers show it in place. */
const files = [
  ["script.gif", "image/gif", gif, true],
  ["page-behind.png", "image/png", Buffer.concat([png, Buffer.from(html)]), true],
  ["picture.svg", "image/svg+xml", svg],
  ["page.png", "image/png", html],
  ["page.html", "text/html", html],
  ["page.xhtml", "application/xhtml+xml", `<html xmlns="http://www.w3.org/1999/xhtml"><body><script>${script}</script></body></html>`],
  ["form.pdf", "application/pdf", pdf],
  ["style.xml", "text/xml", xslt],
  ["script.js", "text/javascript", script],
  ["sheet.css", "text/css", `@import "/ran"; body { background: url("/ran") }`],
  ["module.wasm", "application/wasm", Buffer.from([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0])],
  ["archive.mhtml", "multipart/related", `MIME-Version: 1.0\nContent-Type: text/html\n\n${html}`],
];

let ann, bob, room, sent, elsewhere;
const h = testEnvironment(async (h) => {
  ann = await h.signedIn("Ann");
  bob = await h.signedIn("Bob");
  room = await h.chat("Garden", ann, bob);
  // Another site on the same machine: its requests carry the cookie.
  elsewhere = createServer((_, answer) => answer.setHeader("Content-Type", "text/html").end("<!DOCTYPE html><p>elsewhere"));
  elsewhere.unref();
  await new Promise((ok) => elsewhere.listen(0, "127.0.0.1", ok));
});

/** Uploads the files as they are, posts them, and returns them with their addresses. */
async function post(page) {
  const all = [];
  for (const [name, type, bytes, shown = false] of files) {
    const { file } = await page.evaluate(async ([path, type, bytes]) => {
      const answer = await fetch(path, { method: "POST", headers: { "Content-Type": type }, body: new Uint8Array(bytes) });
      if (!answer.ok) throw new Error(await answer.text());
      return answer.json();
    }, [`/api/chats/${room}/files?keepMetadata=true&name=${name}`, type, [...Buffer.from(bytes)]]);
    all.push({ name, shown, id: file.id, path: `/api/chats/${room}/files/${file.id}` });
  }
  for (let i = 0; i < all.length; i += 10) {
    await api(page, "POST", `/api/chats/${room}/messages`, { clientId: `files-${i}`, text: "", files: all.slice(i, i + 10).map((f) => f.id) });
  }
  return all;
}

/** Opens a page in the user's browser that records whether a script of a file ran. Its errors are expected. */
async function watched(of, url) {
  const page = await of.context().newPage();
  const ran = [];
  page.on("console", (m) => m.text() === "ran" && ran.push(`console of ${m.location().url}`));
  page.on("dialog", (d) => {
    ran.push("dialog");
    void d.dismiss();
  });
  page.on("request", (r) => new URL(r.url()).pathname === "/ran" && ran.push(`request of ${r.frame().url()}`));
  if (url) await page.goto(url);
  return { page, ran };
}

test("the watch notices a script that runs", async () => {
  const { page, ran } = await watched(bob, `http://127.0.0.1:${elsewhere.address().port}/`);
  await page.setContent(html);
  await page.waitForFunction(() => document.querySelector("p"));
  assert.ok(ran.some((r) => r.startsWith("console")) && ran.includes("dialog") && ran.some((r) => r.startsWith("request")), ran.join(", "));
  await page.close();
});

test("headers say what a file is, and what it may not do", async () => {
  sent = await post(ann);
  for (const { name, path, shown } of sent) {
    for (const query of ["", "?download=1"]) {
      const got = await bob.evaluate(async (path) => {
        const answer = await fetch(path);
        return { status: answer.status, headers: Object.fromEntries(answer.headers) };
      }, path + query);
      assert.equal(got.status, 200, name);
      const { headers } = got;
      assert.equal(headers["x-content-type-options"], "nosniff", name);
      assert.equal(headers["content-security-policy"], "default-src 'none'; sandbox", name);
      assert.equal(headers["cross-origin-resource-policy"], "same-origin", name);
      assert.equal(headers["cache-control"], "private, no-cache", name);
      assert.match(headers["content-disposition"], shown && !query ? /^inline/ : /^attachment/, name);
      assert.doesNotMatch(headers["content-type"], /html|xml|svg|script|css|wasm|multipart/, name);
    }
  }
});

test("opened directly, no file runs a script", async () => {
  for (const { name, path, shown } of sent) {
    for (const query of ["", "?download=1"]) {
      const { page, ran } = await watched(bob);
      const download = page.waitForEvent("download", { timeout: 5000 }).catch(() => undefined);
      const opened = await page.goto(h.at(path + query)).then(() => true, (err) => assert.match(String(err), /Download is starting|ERR_ABORTED/));
      if (shown && !query) assert.ok(opened, name);
      else assert.ok(await download, `${name}${query} is saved`);
      await page.screenshot(); // it was painted
      assert.deepEqual(ran, [], name + query);
      await page.close();
    }
  }
});

/** Embeds an address in the open page in all ways and waits until each has ended; returns those that took it as code. */
const embedded = (page, url) => page.evaluate(async (url) => {
  const made = (tag, attributes) => new Promise((ok) => {
    const e = Object.assign(document.createElement(tag), attributes);
    e.onload = () => ok(true);
    e.onerror = () => ok(false);
    setTimeout(() => ok(false), 1500); // an embedded attachment ends without an event
    document.body.append(e);
  });
  const settled = (promise) => promise.then(() => true, () => false);
  const work = (make) => new Promise((ok) => {
    try {
      const w = make();
      (w.port ?? w).onmessage = () => ok(true);
      w.onerror = () => ok(false);
      setTimeout(() => ok(false), 1500);
    } catch {
      ok(false);
    }
  });
  const [script, module, sheet, worker, shared, imported, service] = await Promise.all([
    made("script", { src: url }), made("script", { src: url, type: "module" }), made("link", { rel: "stylesheet", href: url }),
    work(() => new Worker(url)), work(() => new SharedWorker(url)), settled(import(url)),
    settled(navigator.serviceWorker.register(url, { scope: new URL(url, location.href).pathname })),
    made("img", { src: url }), made("iframe", { src: url }), made("object", { data: url }), made("embed", { src: url }),
  ]);
  return Object.entries({ script, module, sheet, worker, shared, imported, service }).filter(([, ran]) => ran).map(([how]) => how);
}, url);

for (const where of ["a page of Parley", "a page of another site"]) {
  test(`embedded in ${where}, no file runs a script`, async () => {
    const { page, ran } = await watched(bob, where.endsWith("Parley") ? h.at(`/c/${room}`) : `http://127.0.0.1:${elsewhere.address().port}/`);
    for (const { name, path } of sent) {
      assert.deepEqual(await embedded(page, h.at(path)), [], name);
      assert.deepEqual(await embedded(page, h.at(path + "?download=1")), [], name);
      assert.deepEqual(ran, [], name);
    }
    assert.deepEqual(await page.evaluate(async () => (await navigator.serviceWorker.getRegistrations()).map((r) => r.active?.scriptURL).filter((u) => u?.includes("/files/"))), []);
    await page.close();
  });
}

test("the conversation shows pictures as pictures, and all else as rows to download", async () => {
  for (const { name, shown } of sent) {
    await list(bob).getByRole(shown ? "button" : "link", { name: shown ? `View ${name}` : new RegExp(`^Download ${name.replace(".", "\\.")}`) }).waitFor();
  }
  assert.equal(await bob.locator(".message :is(object, embed, iframe)").count(), 0);
  elsewhere.close();
});

h.noFaults();
