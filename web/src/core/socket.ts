// The connection: one socket at a time, opened again until the session ends. It
// owns its timers and what waits for a reply.
import { failure } from "../strings/failure.ts";
import { Failure, noAnswer } from "./failure.ts";
import { decodeValues, encodeCommand, type Event, type Fields, type Hello, type HelloPart, type Ok, type Reply, type Signal, type UserId, type Value, type Verb } from "./wire.ts";

/** Why there is no connection. left: another page signed out; otherUser: the cookie is another user's; lost: no more is known; protocol: the server and this page do not understand each other, it is too old or too new. */
export type Cause = "offline" | "lost" | "restarting" | "tooMany" | "signedOut" | "otherUser" | "left" | "protocol";

export type Line =
  | { readonly state: "live"; readonly cause?: undefined }
  /** With the cause of the last loss, so that a banner can stay. */
  | { readonly state: "connecting"; readonly cause?: Cause }
  | { readonly state: "waiting"; readonly cause: Cause; readonly until: number }
  | { readonly state: "ended"; readonly cause?: Cause };

export interface Handlers {
  /** Whose session this is: the server refuses hello with another user's cookie. */
  as?: UserId;
  /** What to resume with, asked for as a connection opens. */
  resume(): Fields<"resume">;
  /** The line is live: what the greeting brings, and that, are one change. */
  hello(ok: Hello, resumed: Fields<"resume">, sent: number): void;
  /** The values of one message, in order. */
  values(all: readonly (Event | Signal)[]): void;
  /** Called for every other line; "ended" is final. */
  line(now: Line): void;
}

/** The part of a WebSocket that is used. */
export type Wire = Pick<WebSocket, "binaryType" | "send" | "close" | "onopen" | "onmessage" | "onclose">;

/** Called as the reply is read: what stands behind it in the same message comes after. */
interface Waiting { ok(v: unknown): void; fail(f: Failure): void; bytes: number }

const firstWaitMs = 5000; // what one waits at most before the first try again; doubled at each further one
const longestWaitMs = 60_000;
const restartTries = 5; // after which a server that said it restarts counts as gone
const helloMs = 15_000; // to connect, and for each next part of the greeting
const pongMs = 10_000; // for an answer when nothing has come for a heartbeat
const wakeMs = 3000; // for an answer when the device woke
const seenInOne = 1500; // chats of one resume: with their ids, numbers and times they stay below a message's bound

export class Socket {
  line: Line = { state: "connecting" };
  #handlers: Handlers;
  #open: () => Wire;
  #ws: Wire | null = null;
  #waiting = new Map<number, Waiting>();
  #next = 1;
  #tries = 0;
  #heartbeatMs = 25_000;
  #maxBytes = Infinity;
  #heard = 0; // when something came last
  #parts: HelloPart[] = []; // of the greeting under way
  #retry: ReturnType<typeof setTimeout> | undefined;
  #watch: ReturnType<typeof setTimeout> | undefined;

  constructor(handlers: Handlers, open: () => Wire = () => new WebSocket(address(location), "parley.v1.msgpack")) {
    this.#handlers = handlers;
    this.#open = open;
  }

  connect(): void {
    if (this.#ws || this.line.state === "ended") return;
    clearTimeout(this.#retry);
    this.#say({ state: "connecting", cause: this.line.cause });
    const ws = this.#open();
    this.#ws = ws;
    this.#parts = [];
    ws.binaryType = "arraybuffer";
    ws.onopen = () => this.#greet(ws);
    ws.onmessage = (e) => ws === this.#ws && this.#take(ws, e.data);
    ws.onclose = (e) => this.#lost(ws, e.code, e.reason);
    this.#expect(ws, helloMs);
  }

  /** The device may have slept, or is online again: is the line alive? Asks, or tries again at once. */
  wake(): void {
    if (this.line.state === "waiting" && this.line.cause !== "tooMany") return this.connect();
    if (!this.#ws || this.line.state === "ended") return;
    this.#expect(this.#ws, this.#parts.length ? helloMs : wakeMs);
    if (this.line.state === "live") this.#ping();
  }

  /** Ends for good. */
  end(): void {
    const ws = this.#ws;
    this.#forget(noAnswer());
    clearTimeout(this.#retry);
    this.#say({ state: "ended" });
    ws?.close();
  }

  /** @throws {Failure} no_answer where it is not known what became of it. */
  command<V extends Verb>(verb: V, fields: Fields<V>): Promise<Ok<V>> {
    if (this.line.state !== "live" || !this.#ws) return Promise.reject(noAnswer(failure.noConnection));
    const ws = this.#ws;
    return new Promise((ok, fail) => {
      const bytes = this.#prepare(verb, fields, { ok, fail });
      if (bytes.length > this.#maxBytes) this.#refuse(this.#next - 1);
      else ws.send(bytes);
    });
  }

  #prepare<V extends Verb>(verb: V, fields: Fields<V>, then: { ok(v: Ok<V>): void; fail(f: Failure): void }): Uint8Array<ArrayBuffer> {
    const id = this.#next++;
    const bytes = encodeCommand(id, verb, fields);
    this.#waiting.set(id, { ok: then.ok as (v: unknown) => void, fail: then.fail, bytes: bytes.length });
    return bytes;
  }

  /** Hello and the whole resume leave together: the server holds events back until it has both. */
  #greet(ws: Wire): void {
    const sent = Date.now();
    const resume = this.#handlers.resume();
    const part = (fields: Fields<"resume">) => ws.send(this.#prepare("resume", fields, { ok: () => {}, fail: () => ws === this.#ws && this.#drop(ws) }));
    // A refused hello is followed by a close, whose code says more; only that the user is another one stands in the reply alone.
    ws.send(this.#prepare("hello", { as: this.#handlers.as, parts: true }, { ok: (ok) => this.#greeted(ws, ok, resume, sent), fail: (f) => ws === this.#ws && (f.field === "as" ? this.#refuseUser(ws) : this.#expect(ws, wakeMs)) }));
    const seen = Object.entries(resume.seen ?? {});
    for (let i = 0; i === 0 || i < seen.length; i += seenInOne) {
      const some = seen.slice(i, i + seenInOne);
      const ids = new Set(some.map(([id]) => id));
      const at = resume.at && Object.fromEntries(Object.entries(resume.at).filter(([id]) => ids.has(id)));
      part({ ...resume, seen: Object.fromEntries(some), at, more: i + seenInOne < seen.length || undefined });
    }
  }

  #refuseUser(ws: Wire): void {
    this.#forget(noAnswer());
    ws.close();
    this.#say({ state: "ended", cause: "otherUser" });
  }

  #greeted(ws: Wire, ok: Hello, resume: Fields<"resume">, sent: number): void {
    this.#tries = 0;
    this.#heartbeatMs = ok.heartbeatMs || this.#heartbeatMs;
    this.#maxBytes = ok.limits.message || Infinity;
    this.#rest(ws);
    this.line = { state: "live" };
    const parts = [...this.#parts, ok];
    this.#parts = [];
    this.#handlers.hello({ ...ok, chats: parts.flatMap((p) => p.chats), users: parts.flatMap((p) => p.users) }, resume, sent);
  }

  #take(ws: Wire, data: ArrayBuffer): void {
    this.#heard = Date.now();
    let all: Value[];
    try {
      all = decodeValues(data);
    } catch {
      ws.close();
      return this.#lost(ws, 4500, "");
    }
    if (this.line.state !== "live") this.#expect(ws, helloMs); // a slow line that brings something is alive
    const told: (Event | Signal)[] = [];
    for (const v of all) {
      if ("event" in v || "signal" in v) told.push(v);
      else if ("part" in v) this.#parts.push(v.part);
      else if ("re" in v) this.#reply(v);
    }
    if (told.length && ws === this.#ws) this.#handlers.values(told);
  }

  #reply(v: Reply): void {
    const w = this.#waiting.get(v.re);
    this.#waiting.delete(v.re);
    if (v.error) w?.fail(new Failure(v.error));
    else w?.ok(v.ok);
  }

  /** Nothing heard for a heartbeat: ask. A peer that vanished sends no close. */
  #rest(ws: Wire): void {
    clearTimeout(this.#watch);
    this.#watch = setTimeout(() => {
      if (Date.now() - this.#heard < this.#heartbeatMs) return this.#rest(ws);
      this.#expect(ws, pongMs);
      this.#ping();
    }, this.#heartbeatMs);
  }

  /** Something must come within ms, else the line counts as lost. */
  #expect(ws: Wire, ms: number): void {
    clearTimeout(this.#watch);
    const from = Date.now();
    this.#watch = setTimeout(() => (this.line.state === "live" && this.#heard >= from ? this.#rest(ws) : this.#drop(ws)), ms);
  }

  #ping(): void {
    this.command("ping", {}).catch(() => {});
  }

  /** Does not wait for a closing handshake that may never come. */
  #drop(ws: Wire): void {
    ws.close();
    this.#lost(ws, 1006, "");
  }

  #lost(ws: Wire, code: number, reason: string): void {
    if (ws !== this.#ws) return;
    if (code === 1009) this.#refuseLargest();
    this.#forget(noAnswer(failure.broke));
    let cause = causeOf(code);
    if (cause === "lost" && this.line.cause === "restarting" && this.#tries < restartTries) cause = "restarting"; // it said so, and is not back yet
    if (code === 1002 || (code >= 4500 && code <= 4999)) return this.#say({ state: "ended", cause });
    const hint = /retryAfterMs=(\d+)$/.exec(reason);
    const span = Math.min(longestWaitMs, firstWaitMs * 2 ** this.#tries++);
    const wait = hint ? Number(hint[1]) : Math.random() * span;
    this.#retry = setTimeout(() => this.connect(), wait);
    this.#say({ state: "waiting", cause, until: Date.now() + wait });
  }

  #forget(f: Failure): void {
    this.#ws = null;
    clearTimeout(this.#watch);
    const waiting = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const w of waiting) w.fail(f);
  }

  /** 1009 is the one close that is about what was sent: that must not go out again. */
  #refuseLargest(): void {
    const [id] = [...this.#waiting].reduce<[number, number]>((most, [id, w]) => (w.bytes > most[1] ? [id, w.bytes] : most), [0, -1]);
    this.#refuse(id);
  }

  #refuse(id: number): void {
    this.#waiting.get(id)?.fail(new Failure({ code: "text_too_long", message: failure.tooLong }));
    this.#waiting.delete(id);
  }

  #say(line: Line): void {
    this.line = line;
    this.#handlers.line(line);
  }
}

export function causeOf(code: number, online = globalThis.navigator?.onLine !== false): Cause {
  switch (code) {
    case 4000: case 1001: case 1012:
      return "restarting";
    case 4008: case 1008:
      return "tooMany";
    case 4501: case 4503:
      return "signedOut";
    case 1002:
      return "protocol";
  }
  if (code >= 4500 && code <= 4999) return "protocol";
  return online ? "lost" : "offline";
}

function address(l: Location): string {
  return `${l.protocol === "https:" ? "wss" : "ws"}://${l.host}/api/socket`;
}
