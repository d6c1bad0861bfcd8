// A large server to measure with: users, chats and messages, created over HTTP and sockets by a page
// that simulates all other users.
import { TestEnvironment, wideScreen } from "../test/kit.mjs";

export const size = { people: 1000, chats: 500, messages: 100_000 };
const authors = 5; // each receives all messages of the others, so more would only slow the setup

/** @returns the environment, Ann's page, the large chat's id, and the other users */
export async function createTestData(say = () => {}) {
  const h = new TestEnvironment(["--registration", "open", "--limit-user", "off"]);
  await h.open();
  try {
    const ann = await h.signedIn("Ann", wideScreen);
    const page = await h.newBrowser();
    await page.goto(h.at("/"));
    const others = new SimulatedUsers(page);
    say(`${size.people} people`);
    const me = await ann.evaluate(async () => (await (await fetch("/api/me")).json()).user.id);
    await others.signUp(size.people - 1);
    say(`${size.chats} chats`);
    const big = await others.createChats(me, size.chats);
    say(`${size.messages} messages`);
    await ann.goto("about:blank"); // she is not connected meanwhile
    await others.connect(authors);
    await others.post(big, size.messages);
    return { h, ann, big, others };
  } catch (err) {
    await h.close();
    throw err;
  }
}

/** All users but Ann. Their tokens and sockets live in the page. */
export class SimulatedUsers {
  #page;

  constructor(page) {
    this.#page = page;
  }

  signUp(n) {
    return this.#page.evaluate(async (n) => {
      const call = async (token, method, path, body) => {
        const answer = await fetch(path, { method, headers: { "Content-Type": "application/json", ...(token && { Authorization: `Bearer ${token}` }) }, body: JSON.stringify(body) });
        if (!answer.ok) throw new Error(`${method} ${path}: ${await answer.text()}`);
        return answer.json();
      };
      const people = [];
      let next = 0;
      const worker = async () => {
        for (let i = next++; i < n; i = next++) people[i] = await call("", "POST", "/api/accounts", { handle: `person${i}`, name: `Person ${i}`, password: "correct horse" });
      };
      await Promise.all(Array.from({ length: 6 }, worker));
      Object.assign(globalThis, { call, people });
    }, n);
  }

  /** Creates n chats with Ann; the first has all users as members. */
  createChats(ann, n) {
    return this.#page.evaluate(async ([ann, n]) => {
      const { call, people } = globalThis;
      const ids = people.map((p) => p.user.id);
      let first;
      for (let i = 0; i < n; i++) {
        const by = people[i % people.length];
        const members = [ann, ...(i === 0 ? ids.slice(1) : [ids[(i + 1) % ids.length]])];
        const { chat } = await call(by.token, "POST", "/api/chats", { clientId: `chat${i}`, kind: "group", title: i === 0 ? "Everybody" : `Chat number ${i}`, members });
        first ??= chat.id;
        await call(by.token, "POST", `/api/chats/${chat.id}/messages`, { clientId: `first${i}`, text: `Welcome to chat ${i}` });
      }
      return first;
    }, [ann, n]);
  }

  connect(n) {
    return this.#page.evaluate((n) => Promise.all(globalThis.people.slice(0, n).map((p) => new Promise((ok, fail) => {
      const ws = new WebSocket(location.origin.replace("http", "ws") + "/api/socket", "parley.v1.json");
      p.ws = ws;
      p.waiting = 0;
      ws.onopen = () => ws.send(JSON.stringify({ id: 1, do: "hello", token: p.token }));
      ws.onclose = (e) => fail(new Error(`closed with ${e.code} ${e.reason}`));
      ws.onmessage = (e) => {
        for (const line of e.data.split("\n")) {
          if (!line.startsWith('{"re"')) continue; // skips events
          const reply = JSON.parse(line);
          if (reply.error) throw new Error(line);
          if (reply.re === 1) ok();
          else p.waiting--, p.answered?.();
        }
      };
    }))).then(() => {}), n);
  }

  /** Posts n messages at once, each socket with at most 64 under way. */
  post(chatId, n) {
    return this.#page.evaluate(async ([chatId, n]) => {
      const { people } = globalThis;
      const writers = people.filter((p) => p.ws);
      const kinds = ["A short one.", "Something **longer**, with `code` in it and a link to https://parley.example/somewhere; it goes on for a second line at most widths, as messages do now and then.", "👍", "- one thing\n- another thing\n- a third", "```js\nconst answer = 42;\n```", "> what was said before\n\nand what one says to that"];
      const run = Date.now();
      let next = 0;
      await Promise.all(writers.map(async (p) => {
        for (let i = next++; i < n; i = next++) {
          while (p.waiting >= 64) await new Promise((ok) => (p.answered = ok));
          p.waiting++;
          p.ws.send(JSON.stringify({ id: i + 2, do: "post", chatId, clientId: `${run}-${i}`, text: `${i}: ${kinds[i % kinds.length]}` }));
        }
        while (p.waiting > 0) await new Promise((ok) => (p.answered = ok));
      }));
    }, [chatId, n]);
  }

  /** Posts messages at a rate until stopPosting is called. */
  startPosting(chatId, perSecond) {
    return this.#page.evaluate(([chatId, perSecond]) => {
      const writers = globalThis.people.filter((p) => p.ws);
      const run = Date.now();
      let i = 0;
      globalThis.posting = setInterval(() => {
        const p = writers[i++ % writers.length];
        p.waiting++;
        p.ws.send(JSON.stringify({ id: 1e6 + i, do: "post", chatId, clientId: `${run}-${i}`, text: `Number ${i} of the stream, **as it comes**` }));
      }, 1000 / perSecond);
    }, [chatId, perSecond]);
  }

  stopPosting() {
    return this.#page.evaluate(() => clearInterval(globalThis.posting));
  }
}
