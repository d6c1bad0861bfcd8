import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { causeOf, type ConnectionState, Socket } from "./socket.ts";
import { encodeCommand, type Hello } from "./wire.ts";
import { FakeWire, lineOf } from "./testkit/wire.ts";

beforeEach(() => {
  vi.useFakeTimers({ now: 1_800_000_000_000 });
  vi.spyOn(Math, "random").mockReturnValue(0.5);
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

function connected(seen: Record<string, number> = {}, at?: Record<string, number>) {
  const wires: FakeWire[] = [], lines: string[] = [], told: unknown[] = [];
  let line: ConnectionState = { state: "connecting" };
  const lined = (l: ConnectionState) => void (lines.push(lineOf(l)), (line = l));
  const socket: Socket = new Socket({
    resume: () => ({ epoch: "e", seen, at }),
    hello: (ok, _, sent) => void (told.push(["hello", ok.epoch, sent]), lined(socket.connection)),
    values: (all) => void told.push(...all),
    connection: lined,
  }, () => (wires.push(new FakeWire()), wires.at(-1)!));
  socket.connect();
  return { socket, wires, wire: () => wires.at(-1)!, lines, told, line: () => line };
}

/** Returns the ms until the next connection. */
async function untilNext(it: ReturnType<typeof connected>): Promise<number> {
  const from = Date.now(), n = it.wires.length;
  while (it.wires.length === n && Date.now() - from < 200_000) await vi.advanceTimersByTimeAsync(100);
  return Date.now() - from;
}

test("hello and resume are sent together; values that follow the reply come after it", () => {
  const it = connected({ a: 3, b: 4 });
  it.wire().opens();
  expect(it.wire().got).toEqual([{ id: 1, do: "hello", parts: true }, { id: 2, do: "resume", epoch: "e", seen: { a: 3, b: 4 } }]);
  it.wire().says({ re: 1, ok: { epoch: "e", limits: {} } }, { re: 2, ok: {} }, { event: "posted", chatId: "a", seq: 4 }, { odd: true }, { signal: "caughtUp" });
  expect(it.told).toEqual([["hello", "e", Date.now()], { event: "posted", chatId: "a", seq: 4 }, { signal: "caughtUp" }]);
  expect(it.lines).toEqual(["connecting", "live"]);
});

test("a slow hello has no timeout while parts come, and is delivered whole", async () => {
  const hellos: Hello[] = [];
  const wire = new FakeWire();
  const lines: string[] = [];
  const socket = new Socket({ resume: () => ({}), hello: (ok) => void hellos.push(ok), values: () => {}, connection: (l) => void lines.push(lineOf(l)) }, () => wire);
  socket.connect();
  wire.opens();
  for (let i = 0; i < 10; i++) {
    await vi.advanceTimersByTimeAsync(10_000);
    wire.says({ re: 1, part: { chats: [{ id: `c${i}` }], users: i ? [] : [{ id: "ann" }] } });
    socket.wake(); // the page becomes visible again
    await vi.advanceTimersByTimeAsync(4000);
  }
  wire.says({ re: 1, ok: { epoch: "e", limits: {}, chats: [{ id: "last" }], users: [{ id: "bob" }] } });
  expect(lines).toEqual(["connecting"]);
  expect(hellos[0]!.chats.map((c) => c.id)).toEqual([...Array.from({ length: 10 }, (_, i) => `c${i}`), "last"]);
  expect(hellos[0]!.users.map((u) => u.id)).toEqual(["ann", "bob"]);
  socket.end();
});

test("a hello that stops coming times out", async () => {
  const it = connected();
  it.wire().opens();
  await vi.advanceTimersByTimeAsync(14_000);
  it.wire().says({ re: 1, part: { chats: [], users: [] } });
  await vi.advanceTimersByTimeAsync(14_900);
  expect(it.line().state).toBe("connecting");
  await vi.advanceTimersByTimeAsync(200);
  expect(it.line().state).toBe("waiting");
});

test("a long resume is sent in parts, and the last one is marked", () => {
  const it = connected(Object.fromEntries(Array.from({ length: 7001 }, (_, i) => [`c${i}`, i])));
  it.wire().opens();
  const parts = it.wire().got.slice(1);
  expect(parts.map((p) => [Object.keys(p.seen as object).length, p.more])).toEqual([...Array<[number, boolean]>(4).fill([1500, true]), [1001, undefined]]);
});

test("the times are sent with the numbers, and each part fits into a message", () => {
  const ids = Array.from({ length: 1600 }, (_, i) => `${i}`.padStart(32, "x")); // the longest ids
  const it = connected(Object.fromEntries(ids.map((id) => [id, 2 ** 31])), Object.fromEntries(ids.slice(1).map((id) => [id, Date.now()])));
  it.wire().opens();
  const parts = it.wire().got.slice(1);
  expect(parts.map((p) => [Object.keys(p.seen as object).length, Object.keys(p.at as object).length])).toEqual([[1500, 1499], [100, 100]]);
  for (const { id, do: verb, ...fields } of parts) {
    for (const at of Object.keys(fields.at as object)) expect(fields.seen).toHaveProperty(at);
    expect(encodeCommand(Number(id), verb as "resume", fields).length).toBeLessThan(128 * 1024);
  }
});

test("replies match their commands in any order; a broken connection fails the rest with no_answer", async () => {
  const it = connected();
  await expect(it.socket.command("typing", { chatId: "a" })).rejects.toMatchObject({ code: "no_answer" });
  it.wire().greets();
  const post = it.socket.command("post", { chatId: "a", clientId: "k", text: "x" });
  const edit = it.socket.command("edit", { chatId: "a", target: 1, text: "x" });
  const lost = it.socket.command("typing", { chatId: "a" });
  const [p, e] = it.wire().got;
  it.wire().says({ re: e!.id, error: { code: "not_author", message: "no", field: "target" } }, { re: p!.id, ok: { seq: 9, at: 1 } });
  await expect(post).resolves.toEqual({ seq: 9, at: 1 });
  await expect(edit).rejects.toMatchObject({ code: "not_author", field: "target", retryable: false });
  it.wire().breaks();
  await expect(lost).rejects.toMatchObject({ code: "no_answer", retryable: true });
});

test("a command is not sent on a connection that is closing, and fails when it is closed", async () => {
  const it = connected();
  it.wire().greets();
  it.wire().got = [];
  it.wire().readyState = 2; // closing: the server's close frame came, its event has not
  const typing = it.socket.command("typing", { chatId: "a" });
  it.wire().breaks();
  await expect(typing).rejects.toMatchObject({ code: "no_answer" });
  expect(it.wire().got).toEqual([]);
});

test("the backoff is random up to 5 s, doubles up to a minute, and is reset by a hello", async () => {
  const it = connected();
  it.wire().greets();
  const waits: number[] = [];
  for (let i = 0; i < 6; i++) {
    it.wire().breaks();
    waits.push(await untilNext(it));
  }
  expect(waits).toEqual([2500, 5000, 10_000, 20_000, 30_000, 30_000]);
  it.wire().greets();
  it.wire().breaks();
  expect(await untilNext(it)).toBe(2500);
});

test("retryAfterMs in the close reason sets the wait", async () => {
  const it = connected();
  it.wire().greets();
  it.wire().breaks(4000, "restarting; retryAfterMs=1200");
  expect(it.line()).toEqual({ state: "waiting", cause: "restarting", until: Date.now() + 1200 });
  expect(await untilNext(it)).toBe(1200);
  expect(it.lines.at(-1)).toBe("connecting restarting");
});

test('a restarting server stays "restarting" until that takes too long', async () => {
  const it = connected();
  it.wire().greets();
  it.wire().breaks(4000, "retryAfterMs=10");
  for (let i = 0; i < 5; i++) {
    await untilNext(it);
    it.wire().breaks();
  }
  expect(it.lines.filter((l) => l.startsWith("waiting"))).toEqual([...Array<string>(5).fill("waiting restarting"), "waiting lost"]);
});

test("close codes map to causes, and some end the session", () => {
  const cause = (code: number, online = true) => causeOf(code, online);
  expect([4000, 1001, 4008, 1008, 4501, 4503, 4500, 1002, 4001, 4003, 1006, 1011, 4499].map((c) => cause(c))).toEqual([
    "restarting", "restarting", "tooMany", "tooMany", "signedOut", "signedOut", "protocol", "protocol", "lost", "lost", "lost", "lost", "lost"]);
  expect(cause(1006, false)).toBe("offline");
  for (const [code, line] of [[4501, "ended signedOut"], [4503, "ended signedOut"], [4500, "ended protocol"], [4999, "ended protocol"]] as const) {
    const it = connected();
    it.wire().greets();
    it.wire().breaks(code);
    it.socket.connect();
    expect([it.lines.at(-1), it.wires.length]).toEqual([line, 1]);
  }
});

test("the close after a refused hello has the cause", () => {
  const it = connected();
  it.wire().opens();
  it.wire().says({ re: 1, error: { code: "no_identity", message: "sign in" } });
  it.wire().breaks(4503);
  expect(it.lines).toEqual(["connecting", "ended signedOut"]);
});

test("a hello that fails without a close, or has no reply, is retried", async () => {
  const it = connected();
  it.wire().opens();
  it.wire().says({ re: 1, error: { code: "unavailable", message: "" } });
  await vi.advanceTimersByTimeAsync(3000);
  expect([it.wires[0]!.closed, it.lines.at(-1)]).toEqual([true, "waiting lost"]);
  await untilNext(it);
  await vi.advanceTimersByTimeAsync(15_000);
  expect(it.wires[1]!.closed).toBe(true);
});

test("a silent connection is pinged, and dropped without a reply", async () => {
  const it = connected();
  it.wire().greets();
  await vi.advanceTimersByTimeAsync(25_000);
  const ping = it.wire().last("ping");
  it.wire().says({ re: ping.id, ok: { now: 1 } });
  expect(it.lines.at(-1)).toBe("live");
  it.wire().got = [];
  await vi.advanceTimersByTimeAsync(35_000);
  expect([it.lines.at(-1), it.wire().last("ping")]).toEqual(["live", expect.anything()]);
  await vi.advanceTimersByTimeAsync(10_000);
  expect([it.wires[0]!.closed, it.lines.at(-1)]).toEqual([true, "waiting lost"]);
});

test("after waking, a dead connection is detected within three seconds and replaced at once", async () => {
  const it = connected();
  it.wire().greets();
  it.socket.wake();
  it.wire().says({ re: it.wire().last("ping").id, ok: { now: 1 } });
  await vi.advanceTimersByTimeAsync(3000);
  expect(it.lines.at(-1)).toBe("live");
  it.socket.wake();
  await vi.advanceTimersByTimeAsync(3000);
  expect(it.lines.at(-1)).toBe("waiting lost");
  it.socket.wake();
  expect([it.lines.at(-1), it.wires.length]).toEqual(["connecting lost", 2]);
});

test("waking does not skip the wait for a server with too many connections", () => {
  const it = connected();
  it.wire().greets();
  it.wire().breaks(4008, "retryAfterMs=60000");
  it.socket.wake();
  expect([it.lines.at(-1), it.wires.length]).toEqual(["waiting tooMany", 1]);
  it.socket.connect(); // the banner's "Now" does
  expect(it.wires.length).toBe(2);
});

test("what is too long is not sent, and after a 1009 the longest is not sent again", async () => {
  const it = connected();
  it.wire().greets();
  const long = it.socket.command("post", { chatId: "a", clientId: "k", text: "x".repeat(131072) });
  await expect(long).rejects.toMatchObject({ code: "text_too_long", retryable: false });
  expect(it.wire().got).toEqual([]);
  const small = it.socket.command("post", { chatId: "a", clientId: "k1", text: "x" });
  const large = it.socket.command("post", { chatId: "a", clientId: "k2", text: "x".repeat(100) });
  it.wire().breaks(1009);
  await expect(small).rejects.toMatchObject({ code: "no_answer" });
  await expect(large).rejects.toMatchObject({ code: "text_too_long" });
});

test("bytes that cannot be decoded end the session: this page is too old", () => {
  const it = connected();
  it.wire().greets();
  it.wire().saysBytes(Uint8Array.of(0xc1).buffer);
  expect([it.lines.at(-1), it.wires[0]!.closed]).toEqual(["ended protocol", true]);
});

test("after end nothing is opened or reported", async () => {
  const it = connected();
  const wire = it.wire();
  wire.greets();
  it.socket.end();
  wire.says({ signal: "caughtUp" });
  wire.breaks();
  it.socket.wake();
  await vi.advanceTimersByTimeAsync(100_000);
  expect([it.wires.length, it.lines.at(-1), it.told.length]).toEqual([1, "ended", 1]);
});
