// The example of docs/socketio.md, a page of another origin with socket.io-client, in a browser.
import assert from "node:assert/strict";
import { access, readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { after } from "node:test";
import { testEnvironment, test } from "./kit.mjs";

const example = new URL("../../examples/socketio/", import.meta.url);
const library = new URL("../../internal/conformance/node_modules/socket.io-client/dist/socket.io.min.js", import.meta.url);
await access(library).catch(() => {
  console.error("socketio.story needs socket.io-client: run npm ci in internal/conformance, or make stories");
  process.exit(1);
});
const site = createServer(async (request, answer) => {
  const name = new URL(request.url, "http://x").pathname.slice(1);
  const file = { "": "index.html", "client.js": "client.js" }[name];
  if (!file && name !== "socket.io.min.js") return answer.writeHead(name === "favicon.ico" ? 204 : 404).end();
  answer.setHeader("Content-Type", file === "index.html" ? "text/html" : "text/javascript");
  answer.end(await readFile(file ? new URL(file, example) : library));
});
await new Promise((ok) => site.listen(0, "127.0.0.1", ok));
const origin = `http://127.0.0.1:${site.address().port}`;
after(() => { site.closeAllConnections(); site.close(); });

const password = "correct horse";
let ann, bob, chatId, tokens = {};
const call = async (token, method, path, body) => {
  const answer = await fetch(h.at(path), { method, body: body && JSON.stringify(body), headers: { "Content-Type": "application/json", ...(token && { Authorization: `Bearer ${token}` }) } });
  assert.ok(answer.ok, `${method} ${path}: ${answer.status}`);
  return answer.status === 204 ? null : answer.json();
};
const h = testEnvironment(async (h) => {
  const users = [];
  for (const name of ["Ann", "Bob"]) users.push(await call("", "POST", "/api/accounts", { handle: name.toLowerCase(), name, password }));
  tokens = { ann: users[0].token, bob: users[1].token };
  chatId = (await call(tokens.ann, "POST", "/api/chats", { clientId: "1", kind: "group", title: "Tea", members: [users[1].user.id] })).chat.id;
}, ["--registration", "open", "--origins", origin]);

const signIn = async (handle, prepare = async () => {}) => {
  const page = await h.newBrowser();
  await prepare(page);
  await page.goto(`${origin}/?server=${encodeURIComponent(h.parley.url)}`);
  await page.getByLabel("Handle").fill(handle);
  await page.getByLabel("Password").fill(password);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("heading", { name: "Tea" }).waitFor();
  return page;
};
const say = async (page, text) => {
  await page.getByLabel("Message", { exact: true }).fill(text);
  await page.getByRole("button", { name: "Send" }).click();
};
const messages = (page) => page.getByRole("listitem").allTextContents();

test("two people sign in on a page of another origin and talk", async () => {
  ann = await signIn("ann");
  bob = await signIn("bob");
  await bob.getByLabel("Message", { exact: true }).pressSequentially("He");
  await ann.getByText("Bob is typing").waitFor();
  await say(bob, "Hello");
  await ann.getByText("Bob: Hello", { exact: true }).waitFor();
  await say(ann, "Hi");
  await bob.getByText("Ann: Hi", { exact: true }).waitFor();
});

test("typing is seen that begins while the page is still sending", async () => {
  const carol = await call("", "POST", "/api/accounts", { handle: "carol", name: "Carol", password });
  await call(tokens.ann, "PUT", `/api/chats/${chatId}/members/${carol.user.id}`);
  let sending, typed;
  const isSending = new Promise((ok) => (sending = ok)), hasTyped = new Promise((ok) => (typed = ok));
  const page = await signIn("carol", async (page) => {
    await page.routeWebSocket(/socket\.io/, () => {}); // the page keeps polling
    await page.route(/socket\.io/, async (route) => {
      if (route.request().postData()?.includes('"focus"')) {
        sending();
        await hasTyped;
      }
      await route.continue();
    });
  });
  await isSending;
  await page.getByLabel("Message", { exact: true }).pressSequentially("He");
  typed();
  await ann.getByText("Carol is typing").waitFor();
  await page.context().close();
});

test("after the server was killed, the page has each message once", async () => {
  h.down = true;
  await h.parley.stop("SIGKILL");
  await ann.getByText("Reconnecting").waitFor();
  await say(ann, "written while the server was down");
  await h.parley.start();
  await bob.getByText("Ann: written while the server was down", { exact: true }).waitFor();
  await call(tokens.bob, "POST", `/api/chats/${chatId}/messages`, { clientId: "2", text: "over HTTP" });
  for (const page of [ann, bob]) {
    await page.getByText("Bob: over HTTP", { exact: true }).waitFor();
    assert.deepEqual(await messages(page), ["Bob: Hello", "Ann: Hi", "Ann: written while the server was down", "Bob: over HTTP"]);
  }
  h.down = false;
});

test("a message that is lost with the connection is sent again", async () => {
  let lost = false;
  const loses = (data) => !lost && String(data).includes('"post"') && (lost = true);
  const page = await signIn("carol", async (page) => {
    await page.routeWebSocket(/socket\.io/, (ws) => {
      const server = ws.connectToServer();
      ws.onMessage((data) => {
        if (!loses(data)) return server.send(data);
        server.close();
        ws.close();
      });
    });
    await page.route(/socket\.io/, (route) => (loses(route.request().postData()) ? route.abort() : route.continue()));
  });
  await say(page, "once");
  await ann.getByText("Carol: once", { exact: true }).waitFor();
  assert.ok(lost);
  await page.context().close();
});

test("the end of the session ends the page's connection for good", async () => {
  await call(tokens.ann, "PATCH", "/api/me", { password: "another horse", currentPassword: password });
  await ann.getByText("Signed out").waitFor();
});
