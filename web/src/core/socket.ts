// The connection to the server: one WebSocket at a time, with reconnects until the session ends.
// It owns its timers and the commands that wait for a reply.
import { Failure, type FailureReason, noAnswer } from "./failure.ts";
import { decodeValues, encodeCommand, type Event, type Fields, type Hello, type HelloPart, type Ok, type Reply, type Signal, type UserId, type Value, type Verb } from "./wire.ts";

/** Why there is no connection. left: another page signed out; otherUser: the cookie is another user's; lost: nothing more is known; protocol: the page is too old or too new for the server. */
export type DisconnectCause = "offline" | "lost" | "restarting" | "tooMany" | "signedOut" | "otherUser" | "left" | "protocol";

export type ConnectionState =
  | { readonly state: "live"; readonly cause?: undefined }
  /** cause: of the last loss, so that the banner can stay during a reconnect. */
  | { readonly state: "connecting"; readonly cause?: DisconnectCause }
  | { readonly state: "waiting"; readonly cause: DisconnectCause; readonly until: number }
  | { readonly state: "ended"; readonly cause?: DisconnectCause };

export interface Handlers {
  /** The session's user: the server refuses hello with another user's cookie. */
  as?: UserId;
  /** Returns what to resume with; called when a connection opens. */
  resume: () => Fields<"resume">;
  /** The connection is live. Called with the whole hello, so that both are one change. */
  hello: (ok: Hello, resumed: Fields<"resume">, sent: number) => void;
  /** Called with the events and signals of one message, in order. */
  values: (all: readonly (Event | Signal)[]) => void;
  /** Called for every other state; "ended" is final. */
  connection: (now: ConnectionState) => void;
}

/** The part of a WebSocket that is used. */
export type WebSocketLike = Pick<WebSocket, "binaryType" | "readyState" | "OPEN" | "send" | "close" | "onopen" | "onmessage" | "onclose">;

/** A command that waits for its reply. ok and fail run before the later values of the same message are handled. */
interface PendingReply { ok: (v: never) => void; fail: (f: Failure) => void; bytes: number }

const firstBackoffMs = 5000; // the longest wait before the first retry; doubled for each further one
const maxBackoffMs = 60_000;
const restartAttempts = 5; // failed attempts after which a restarting server counts as lost
const helloTimeoutMs = 15_000; // to connect, and for each next part of hello
const pongTimeoutMs = 10_000; // after a ping that follows a silent heartbeat
const wakeTimeoutMs = 3000; // after a ping when the device woke up
const chatsPerResume = 1500; // with their ids, numbers and times they fit into one message

export class Socket {
  connection: ConnectionState = { state: "connecting" };
  #handlers: Handlers;
  #open: () => WebSocketLike;
  #ws: WebSocketLike | null = null;
  #pendingReplies = new Map<number, PendingReply>();
  #nextId = 1;
  #attempts = 0;
  #heartbeatMs = 25_000;
  #maxBytes = Infinity;
  #lastReceivedAt = 0;
  #helloParts: HelloPart[] = []; // of the greeting under way
  #retry: ReturnType<typeof setTimeout> | undefined;
  #watchdog: ReturnType<typeof setTimeout> | undefined;

  /** open returns a connection that is open already, or will be. */
  constructor(handlers: Handlers, open: () => WebSocketLike) {
    this.#handlers = handlers;
    this.#open = open;
  }

  connect(): void {
    if (this.#ws || this.connection.state === "ended") return;
    clearTimeout(this.#retry);
    this.#setConnection({ state: "connecting", cause: this.connection.cause });
    const ws = this.#open();
    this.#ws = ws;
    this.#helloParts = [];
    ws.binaryType = "arraybuffer";
    ws.onopen = () => this.#sendHello(ws);
    ws.onmessage = (e) => ws === this.#ws && this.#receive(ws, e.data as ArrayBuffer);
    ws.onclose = (e) => this.#closed(ws, e.code, e.reason);
    this.#expectTraffic(ws, helloTimeoutMs);
    if (ws.readyState === ws.OPEN) this.#sendHello(ws);
  }

  /** Checks the connection after a sleep or an online event: pings, or reconnects at once. */
  wake(): void {
    if (this.connection.state === "waiting" && this.connection.cause !== "tooMany") return this.connect();
    if (!this.#ws || this.connection.state === "ended") return;
    this.#expectTraffic(this.#ws, this.#helloParts.length ? helloTimeoutMs : wakeTimeoutMs);
    if (this.connection.state === "live") this.#ping();
  }

  /** Closes the connection and never reconnects. */
  end(): void {
    const ws = this.#ws;
    this.#failPending(noAnswer());
    clearTimeout(this.#retry);
    this.#setConnection({ state: "ended" });
    ws?.close();
  }

  /** @throws {Failure} no_answer if it is unknown whether the server carried the command out. */
  command<V extends Verb>(verb: V, fields: Fields<V>): Promise<Ok<V>> {
    if (this.connection.state !== "live" || !this.#ws) return Promise.reject(noAnswer("noConnection"));
    const ws = this.#ws;
    return new Promise((ok, fail) => {
      const bytes = this.#prepare(verb, fields, { ok, fail });
      if (bytes.length > this.#maxBytes) this.#rejectTooLong(this.#nextId - 1);
      else if (ws.readyState === ws.OPEN) ws.send(bytes); // else it is closing, and #closed fails the command
    });
  }

  #prepare<V extends Verb>(verb: V, fields: Fields<V>, then: { ok: (v: Ok<V>) => void; fail: (f: Failure) => void }): Uint8Array<ArrayBuffer> {
    const id = this.#nextId++;
    const bytes = encodeCommand(id, verb, fields);
    this.#pendingReplies.set(id, { ok: then.ok, fail: then.fail, bytes: bytes.length });
    return bytes;
  }

  /** Sends hello and the whole resume together: the server holds events back until it has both. */
  #sendHello(ws: WebSocketLike): void {
    const sent = Date.now();
    const resume = this.#handlers.resume();
    const part = (fields: Fields<"resume">) => ws.send(this.#prepare("resume", fields, { ok: () => {}, fail: () => ws === this.#ws && this.#abort(ws) }));
    // The server closes after it refuses hello, and the close code says why; only "another user" is in the reply alone.
    ws.send(this.#prepare("hello", { as: this.#handlers.as, parts: true }, { ok: (ok) => this.#helloReceived(ws, ok, resume, sent), fail: (f) => ws === this.#ws && (f.field === "as" ? this.#rejectUser(ws) : this.#expectTraffic(ws, wakeTimeoutMs)) }));
    const seen = Object.entries(resume.seen ?? {});
    for (let i = 0; i === 0 || i < seen.length; i += chatsPerResume) {
      const some = seen.slice(i, i + chatsPerResume);
      const ids = new Set(some.map(([id]) => id));
      const at = resume.at && Object.fromEntries(Object.entries(resume.at).filter(([id]) => ids.has(id)));
      part({ ...resume, seen: Object.fromEntries(some), at, more: i + chatsPerResume < seen.length || undefined });
    }
  }

  #rejectUser(ws: WebSocketLike): void {
    this.#failPending(noAnswer());
    ws.close();
    this.#setConnection({ state: "ended", cause: "otherUser" });
  }

  #helloReceived(ws: WebSocketLike, ok: Hello, resume: Fields<"resume">, sent: number): void {
    this.#attempts = 0;
    this.#heartbeatMs = ok.heartbeatMs || this.#heartbeatMs;
    this.#maxBytes = ok.limits?.message || Infinity;
    this.#startHeartbeat(ws);
    this.connection = { state: "live" };
    const parts = [...this.#helloParts, ok];
    this.#helloParts = [];
    this.#handlers.hello({ ...ok, chats: parts.flatMap((p) => p.chats), users: parts.flatMap((p) => p.users) }, resume, sent);
  }

  #receive(ws: WebSocketLike, data: ArrayBuffer): void {
    this.#lastReceivedAt = Date.now();
    let all: Value[];
    try {
      all = decodeValues(data);
    } catch {
      ws.close();
      return this.#closed(ws, 4500, "");
    }
    if (this.connection.state !== "live") this.#expectTraffic(ws, helloTimeoutMs); // a slow connection that delivers something is alive
    const events: (Event | Signal)[] = [];
    for (const v of all) {
      if ("event" in v || "signal" in v) events.push(v);
      else if ("part" in v) this.#helloParts.push(v.part);
      else if ("re" in v) this.#reply(v);
    }
    if (events.length && ws === this.#ws) this.#handlers.values(events);
  }

  #reply(v: Reply): void {
    const w = this.#pendingReplies.get(v.re);
    this.#pendingReplies.delete(v.re);
    if (v.error) w?.fail(new Failure(v.error));
    else w?.ok(v.ok as never);
  }

  /** Pings after a heartbeat without any message: a peer that vanished sends no close. */
  #startHeartbeat(ws: WebSocketLike): void {
    clearTimeout(this.#watchdog);
    this.#watchdog = setTimeout(() => {
      if (Date.now() - this.#lastReceivedAt < this.#heartbeatMs) return this.#startHeartbeat(ws);
      this.#expectTraffic(ws, pongTimeoutMs);
      this.#ping();
    }, this.#heartbeatMs);
  }

  /** Drops the connection unless a message comes within ms. */
  #expectTraffic(ws: WebSocketLike, ms: number): void {
    clearTimeout(this.#watchdog);
    const from = Date.now();
    this.#watchdog = setTimeout(() => (this.connection.state === "live" && this.#lastReceivedAt >= from ? this.#startHeartbeat(ws) : this.#abort(ws)), ms);
  }

  #ping(): void {
    this.command("ping", {}).catch(() => {});
  }

  /** Closes without waiting for the closing handshake, which may never come. */
  #abort(ws: WebSocketLike): void {
    ws.close();
    this.#closed(ws, 1006, "");
  }

  #closed(ws: WebSocketLike, code: number, reason: string): void {
    if (ws !== this.#ws) return;
    if (code === 1009) this.#rejectLargest();
    this.#failPending(noAnswer("broke"));
    let cause = causeOf(code);
    if (cause === "lost" && this.connection.cause === "restarting" && this.#attempts < restartAttempts) cause = "restarting"; // it announced a restart and is not back yet
    if (code === 1002 || (code >= 4500 && code <= 4999)) return this.#setConnection({ state: "ended", cause });
    const hint = /retryAfterMs=(\d+)$/.exec(reason);
    const span = Math.min(maxBackoffMs, firstBackoffMs * 2 ** this.#attempts++);
    const wait = hint ? Number(hint[1]) : Math.random() * span;
    this.#retry = setTimeout(() => this.connect(), wait);
    this.#setConnection({ state: "waiting", cause, until: Date.now() + wait });
  }

  #failPending(f: Failure): void {
    this.#ws = null;
    clearTimeout(this.#watchdog);
    const waiting = [...this.#pendingReplies.values()];
    this.#pendingReplies.clear();
    for (const w of waiting) w.fail(f);
  }

  /** Fails the largest command: close code 1009 means that one message was too big, and it must not be sent again. */
  #rejectLargest(): void {
    const [id] = [...this.#pendingReplies].reduce<[number, number]>((most, [id, w]) => (w.bytes > most[1] ? [id, w.bytes] : most), [0, -1]);
    this.#rejectTooLong(id);
  }

  #rejectTooLong(id: number): void {
    this.#pendingReplies.get(id)?.fail(new Failure({ code: "text_too_long", message: "tooLong" satisfies FailureReason }));
    this.#pendingReplies.delete(id);
  }

  #setConnection(now: ConnectionState): void {
    this.connection = now;
    this.#handlers.connection(now);
  }
}

export function causeOf(code: number, online = globalThis.navigator?.onLine !== false): DisconnectCause {
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

export const openSocket = (): WebSocketLike => new WebSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/api/socket`, "parley.v1.msgpack");
