import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { OutboxSender, type OutboxStore } from "./outboxSender.ts";
import { Failure, noAnswer } from "./failure.ts";
import type { Pending } from "./outbox.ts";
import { Random } from "./testkit/random.ts";
import type { Fields, Ok } from "./wire.ts";

beforeEach(() => void vi.useFakeTimers({ now: 1_800_000_000_000 }));
afterEach(() => void vi.useRealTimers());

/** Storage shared by all tabs of a browser. */
class Disk {
  rows = new Map<string, Pending>();
  alive = new Set<string>();

  keeper(tab: string): OutboxStore {
    this.alive.add(tab);
    return {
      put: (p) => void (this.alive.has(tab) && this.rows.set(p.clientId, p)),
      remove: (p) => void (this.alive.has(tab) && this.rows.delete(p.clientId)),
      adopt: () => {
        for (const [id, p] of this.rows) if (!this.alive.has(p.tab)) this.rows.set(id, { ...p, tab });
        return Promise.resolve([...this.rows.values()].filter((p) => p.tab === tab));
      },
    };
  }
}

interface Stored { seq: number; clientId: string; text: string }

/** A server with idempotent posts behind a connection that loses messages at random. */
class Server {
  chats = new Map<string, Stored[]>();
  readonly r: Random;
  constructor(r: Random) {
    this.r = r;
  }

  post(p: Fields<"post">): Ok<"post"> {
    const { r } = this;
    const log = this.chats.get(p.chatId) ?? [];
    this.chats.set(p.chatId, log);
    const known = log.find((m) => m.clientId === p.clientId);
    if (known) return { seq: known.seq, at: 0, again: true };
    if (r.chance(0.2)) throw new Failure({ code: "rate_limited", message: "", retryAfterMs: r.below(3000) });
    if (r.chance(0.1)) throw new Failure({ code: r.of(["internal", "unavailable"]), message: "" });
    if (p.text.startsWith("bad")) throw new Failure({ code: "text_too_long", message: "too long" });
    log.push({ seq: log.length + 1, clientId: p.clientId, text: p.text });
    return { seq: log.length, at: 0 };
  }
}

/** A tab: its OutboxSender, and what it has seen of each chat. */
class Tab {
  seen = new Map<string, number>();
  line = 0; // the number of the connection; a reply reaches only its own
  live = false;
  outboxSender: OutboxSender;
  readonly name: string;
  readonly server: Server;

  constructor(name: string, disk: Disk, server: Server) {
    this.name = name;
    this.server = server;
    this.outboxSender = new OutboxSender(name, disk.keeper(name), (p) => this.#send(p), () => {});
  }

  #send(p: Fields<"post">): Promise<Ok<"post">> {
    const { r } = this.server;
    const line = this.line;
    if (!this.live) return Promise.reject(noAnswer());
    return new Promise((ok, fail) => {
      const there = setTimeout(() => {
        if (r.chance(0.1)) return; // the request is lost, and the connection with it
        let answer: () => void;
        try {
          const said = this.server.post(p);
          answer = () => ok(said);
        } catch (err) {
          const failure = err as Failure;
          answer = () => fail(failure);
        }
        setTimeout(() => (line === this.line ? answer() : fail(noAnswer())), r.below(400)); // or the reply is
      }, r.below(200));
      this.breaks.push(() => {
        clearTimeout(there);
        fail(noAnswer());
      });
    });
  }
  breaks: (() => void)[] = [];

  connect() {
    this.live = true;
    this.line++;
    this.outboxSender.dispatch({ type: "live", live: true });
  }

  drop() {
    this.live = false;
    this.line++;
    this.outboxSender.dispatch({ type: "live", live: false });
    for (const b of this.breaks.splice(0)) b();
  }

  /** Delivers one event of a chat. */
  hear(chatId: string) {
    const seq = (this.seen.get(chatId) ?? 0) + 1;
    const m = this.server.chats.get(chatId)?.[seq - 1];
    if (!m || !this.live) return;
    this.seen.set(chatId, seq);
    this.outboxSender.dispatch({ type: "arrived", clientId: m.clientId });
    this.outboxSender.dispatch({ type: "seen", seen: (id) => this.seen.get(id) ?? 0 });
  }

  shown(chatId: string, clientId: string): number {
    const log = (this.server.chats.get(chatId) ?? []).slice(0, this.seen.get(chatId) ?? 0);
    return log.filter((m) => m.clientId === clientId).length + this.outboxSender.outbox.pending.filter((p) => p.clientId === clientId).length;
  }
}

test("with any failures each message is posted once, in its chat's order, and is always shown once", async () => {
  for (let seed = 1; seed <= 150; seed++) {
    const r = new Random(seed);
    const server = new Server(r), disk = new Disk();
    let tabs = [new Tab("t1", disk, server), new Tab("t2", disk, server)];
    const written: { chatId: string; text: string; clientId: string; tab: string }[] = [];
    const say = `schedule ${seed}`;
    let named = 2;
    for (let i = 0; i < 80; i++) {
      const tab = r.of(tabs);
      const chatId = r.of(["a", "b"]);
      switch (r.below(8)) {
        case 0: case 1: {
          const text = `${r.chance(0.15) ? "bad" : "ok"}${i}`;
          written.push({ chatId, text, clientId: tab.outboxSender.enqueue(chatId, text), tab: tab.name });
          break;
        }
        case 2:
          if (!tab.live) tab.connect();
          break;
        case 3:
          if (r.chance(0.5)) tab.drop();
          break;
        case 4:
          if (r.chance(0.3)) { // the tab crashes and another one opens
            disk.alive.delete(tab.name);
            tab.outboxSender.stop();
            tab.drop();
            tabs = [...tabs.filter((t) => t !== tab), new Tab(`t${++named}`, disk, server)];
          }
          break;
        default:
          for (const t of tabs) t.hear(chatId);
      }
      await vi.advanceTimersByTimeAsync(r.below(800));
      for (const w of written) {
        const own = tabs.find((t) => t.name === w.tab);
        if (own) expect(own.shown(w.chatId, w.clientId), `${say}: ${w.text}`).toBe(1);
        for (const t of tabs) expect(t.shown(w.chatId, w.clientId), say).toBeLessThan(2);
      }
    }
    for (let i = 0; i < 60; i++) {
      for (const t of tabs) {
        if (t.live && !r.chance(0.1)) continue;
        t.drop();
        t.connect();
      }
      await vi.advanceTimersByTimeAsync(4000);
      for (const t of tabs) for (const c of ["a", "b"]) for (let n = 0; n < 100; n++) t.hear(c);
    }
    const left = tabs.flatMap((t) => t.outboxSender.outbox.pending);
    expect(left.every((p) => p.state === "failed" && p.text.startsWith("bad")), say).toBe(true);
    expect([...disk.rows.keys()].sort(), say).toEqual(left.map((p) => p.clientId).sort());
    expect(left.map((p) => p.clientId).sort(), say).toEqual(written.filter((w) => w.text.startsWith("bad")).map((w) => w.clientId).sort());
    for (const [chatId, log] of server.chats) {
      const good = written.filter((w) => w.chatId === chatId && !w.text.startsWith("bad"));
      expect(log.map((m) => m.clientId).sort(), say).toEqual(good.map((w) => w.clientId).sort());
      for (const tab of new Set(good.map((w) => w.tab))) {
        const mine = good.filter((w) => w.tab === tab).map((w) => w.text);
        expect(log.map((m) => m.text).filter((t) => mine.includes(t)), say).toEqual(mine);
      }
    }
    for (const t of tabs) t.outboxSender.stop();
  }
}, 60_000);

/** Returns an OutboxSender whose sends the test answers. */
function byHand() {
  const disk = new Disk();
  const sent: { post: Fields<"post">; ok: (v: Ok<"post">) => void; fail: (f: Failure) => void }[] = [];
  const outboxSender = new OutboxSender("t", disk.keeper("t"), (post) => new Promise((ok, fail) => sent.push({ post, ok, fail })), () => {});
  outboxSender.dispatch({ type: "live", live: true });
  const settle = () => vi.advanceTimersByTimeAsync(0);
  return { disk, sent, outboxSender, settle, states: () => outboxSender.outbox.pending.map((p) => `${p.text} ${p.state}`) };
}

test("a chat's second message waits for the first, another chat's does not", async () => {
  const { outboxSender, sent, settle, states } = byHand();
  outboxSender.enqueue("a", "1");
  outboxSender.enqueue("a", "2");
  outboxSender.enqueue("b", "3");
  expect(sent.map((s) => s.post.text)).toEqual(["1", "3"]);
  sent[0]!.ok({ seq: 1, at: 0 });
  await settle();
  expect(states()).toEqual(["1 sent", "2 sending", "3 sending"]);
  outboxSender.dispatch({ type: "seen", seen: (id) => (id === "a" ? 1 : 0) });
  expect(states()).toEqual(["2 sending", "3 sending"]);
});

test("a refused message has its reason and unblocks the next ones; a retry keeps the clientId", async () => {
  const { outboxSender, sent, settle, states, disk } = byHand();
  const id = outboxSender.enqueue("a", "1");
  outboxSender.enqueue("a", "2");
  sent[0]!.fail(new Failure({ code: "not_found", message: "no such chat", field: "chatId" }));
  await settle();
  expect(states()).toEqual(["1 failed", "2 sending"]);
  expect([outboxSender.outbox.pending[0]!.reason, disk.rows.get(id)!.state]).toEqual([{ code: "not_found", message: "no such chat", field: "chatId" }, "failed"]);
  vi.setSystemTime(Date.now() + 5);
  outboxSender.dispatch({ type: "retried", clientId: id, at: Date.now() });
  sent[1]!.ok({ seq: 1, at: 0 });
  await settle();
  expect(sent[2]!.post).toMatchObject({ clientId: id, text: "1" });
  outboxSender.dispatch({ type: "discarded", clientId: id });
  expect([states(), disk.rows.size]).toEqual([["2 sent"], 0]);
});

test("it waits for retryAfterMs, for all chats or for one", async () => {
  const { outboxSender, sent, settle } = byHand();
  outboxSender.enqueue("a", "1");
  sent[0]!.fail(new Failure({ code: "rate_limited", message: "", retryAfterMs: 700 }));
  await settle();
  outboxSender.enqueue("b", "2");
  await vi.advanceTimersByTimeAsync(699);
  expect(sent.length).toBe(1);
  await vi.advanceTimersByTimeAsync(1);
  expect(sent.length).toBe(3);
  sent[1]!.fail(new Failure({ code: "internal", message: "" }));
  sent[2]!.ok({ seq: 1, at: 0 });
  await settle();
  outboxSender.enqueue("b", "3");
  expect(sent.map((s) => s.post.text)).toEqual(["1", "1", "2", "3"]);
  await vi.advanceTimersByTimeAsync(2000);
  expect(sent.map((s) => s.post.text)).toEqual(["1", "1", "2", "3", "1"]);
});

test("descriptions of files are sent with their ids", () => {
  const { outboxSender, sent, disk } = byHand();
  const file = { name: "a.png", type: "image/png", size: 1, complete: true };
  outboxSender.enqueue("a", "1", undefined, [{ ...file, key: "k1", id: "f1", alt: "a bed of tulips" }, { ...file, key: "k2", id: "f2" }]);
  expect(sent[0]!.post).toMatchObject({ files: ["f1", "f2"], alts: { f1: "a bed of tulips" } });
  expect([...disk.rows.values()][0]!.files![0]!.alt).toBe("a bed of tulips");
  outboxSender.enqueue("b", "2", undefined, [{ ...file, key: "k3", id: "f3" }]);
  expect(sent[1]!.post.alts).toBeUndefined();
});

test("a message survives the end of the session", async () => {
  const { outboxSender, sent, settle, states } = byHand();
  outboxSender.enqueue("a", "1");
  sent[0]!.fail(new Failure({ code: "no_identity", message: "" }));
  await settle();
  expect(states()).toEqual(["1 waiting"]);
});

test("it sends at once after a reconnect, and nothing after stop", async () => {
  const { outboxSender, sent, settle, disk } = byHand();
  const id = outboxSender.enqueue("a", "1");
  outboxSender.dispatch({ type: "live", live: false });
  sent[0]!.fail(noAnswer());
  await settle();
  outboxSender.dispatch({ type: "live", live: true });
  expect(sent.map((s) => s.post.clientId)).toEqual([id, id]);
  outboxSender.stop();
  sent[1]!.ok({ seq: 1, at: 0 });
  outboxSender.enqueue("a", "2");
  await vi.advanceTimersByTimeAsync(60_000);
  expect([sent.length, [...disk.rows.keys()]]).toEqual([2, [id]]);
});

test("an event before or after its reply leaves one message", async () => {
  const { outboxSender, sent, settle, states, disk } = byHand();
  const id = outboxSender.enqueue("a", "1");
  outboxSender.dispatch({ type: "arrived", clientId: id });
  sent[0]!.ok({ seq: 1, at: 0 });
  await settle();
  expect([states(), disk.rows.size]).toEqual([[], 0]);
});

test("an adoption that began before an acknowledgement restores nothing", async () => {
  const { outboxSender, disk, states } = byHand();
  const id = outboxSender.enqueue("a", "1");
  const adopting = outboxSender.adopt(); // reads the storage now
  outboxSender.dispatch({ type: "arrived", clientId: id });
  await adopting;
  expect([states(), disk.rows.size]).toEqual([[], 0]);
});

test("a tab adopts the messages of closed tabs, not those of open ones", async () => {
  const { outboxSender, disk, sent } = byHand();
  disk.alive.add("open");
  const left: Pending = { clientId: "k1", chatId: "a", text: "left", at: 1, tab: "closed", state: "waiting" };
  disk.rows.set("k1", left);
  disk.rows.set("k2", { ...left, clientId: "k2", tab: "open", text: "other" });
  await vi.advanceTimersByTimeAsync(15_000);
  expect(sent.map((s) => s.post.text)).toEqual(["left"]);
  expect([disk.rows.get("k1")!.tab, disk.rows.get("k2")!.tab]).toEqual(["t", "open"]);
  outboxSender.stop();
});
