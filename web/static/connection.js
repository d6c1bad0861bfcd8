// The socket: one at a time, opened again until the session ends. Owns its timers.

import { Failure } from "./api.js";

/** What a client waits at most before its first try again, in ms; doubled at each further one. */
const firstWait = 5000;
const longestWait = 60000;

/**
 * @typedef {"connecting" | "live" | "waiting" | "ended"} State
 * @typedef {{
 *   hello: (ok: any) => {epoch: string, seen: Record<string, number>},
 *   value: (v: any) => void,
 *   state: (s: State, reason?: string) => void,
 * }} Handlers hello gives what to resume with; value gets events and signals; a state "ended" is final
 */

export class Connection {
  /** @type {WebSocket | null} */ #ws = null;
  /** @type {Map<number, {ok: (v: any) => void, fail: (e: Failure) => void}>} */ #waiting = new Map();
  #next = 1;
  #tries = 0;
  #heard = true; // something came since the last heartbeat
  #heartbeat = 0;
  #again = 0;

  /** @param {Handlers} handlers */
  constructor(handlers) {
    this.handlers = handlers;
    this.state = /** @type {State} */ ("connecting");
    addEventListener("online", () => this.now());
    this.open();
  }

  open() {
    clearTimeout(this.#again);
    this.#say("connecting");
    const ws = new WebSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/api/socket`, "parley.v1.json");
    this.#ws = ws;
    ws.onopen = () => this.#greet(ws);
    ws.onmessage = (e) => {
      if (ws !== this.#ws) return;
      this.#heard = true;
      for (const line of e.data.split("\n")) if (line.trim()) this.#take(JSON.parse(line));
    };
    ws.onclose = (e) => this.#lost(ws, e.code, e.reason);
  }

  /** Try at once instead of waiting. */
  now() {
    if (this.state === "waiting") this.open();
  }

  /** Ends for good: nothing is opened again. */
  end() {
    this.#end("");
  }

  /**
   * @param {Record<string, any>} cmd without an id
   * @returns {Promise<any>} the ok
   * @throws {Failure} no_answer when the connection ended before the reply: it may have happened
   */
  command(cmd) {
    if (this.state === "live") return this.#send(cmd);
    return Promise.reject(new Failure({ code: "no_answer", message: "Not connected. Please try again in a moment." }));
  }

  /** @param {Record<string, any>} cmd @returns {Promise<any>} */
  #send(cmd) {
    const ws = /** @type {WebSocket} */ (this.#ws);
    const id = this.#next++;
    return new Promise((ok, fail) => {
      this.#waiting.set(id, { ok, fail });
      ws.send(JSON.stringify({ id, ...cmd }));
    });
  }

  /** @param {WebSocket} ws */
  async #greet(ws) {
    try {
      const ok = await this.#send({ do: "hello" });
      if (ws !== this.#ws) return;
      await this.#send({ do: "resume", ...this.handlers.hello(ok) });
      if (ws !== this.#ws) return;
      this.#tries = 0;
      this.#watch(ws, ok.heartbeatMs || 25000);
      this.#say("live");
    } catch {
      // Refused or broken off: the close code says which, and comes by itself
      // unless the server kept the socket open.
      if (ws === this.#ws) this.#drop(ws);
    }
  }

  /** A peer that vanished sends no close: ask from time to time. @param {WebSocket} ws @param {number} every in ms */
  #watch(ws, every) {
    this.#heard = true;
    this.#heartbeat = setInterval(() => {
      if (!this.#heard) return this.#drop(ws);
      this.#heard = false;
      this.#send({ do: "ping" }).catch(() => {});
    }, every);
  }

  /** @param {any} v */
  #take(v) {
    if (v.re === undefined) return this.handlers.value(v);
    const w = this.#waiting.get(v.re);
    this.#waiting.delete(v.re);
    if (v.error) w?.fail(new Failure(v.error));
    else w?.ok(v.ok);
  }

  /** Do not wait for a closing handshake that may never come. @param {WebSocket} ws */
  #drop(ws) {
    ws.close();
    this.#lost(ws, 1006, "");
  }

  /** @param {WebSocket} ws @param {number} code @param {string} reason */
  #lost(ws, code, reason) {
    if (ws !== this.#ws) return;
    this.#forget(code);
    if (code >= 4500 && code <= 4999) return this.#end(code === 4500 ? "protocol" : "session");
    const hint = /retryAfterMs=(\d+)/.exec(reason);
    const wait = hint ? Number(hint[1]) : Math.random() * Math.min(longestWait, firstWait * 2 ** this.#tries);
    this.#tries++;
    this.#say("waiting");
    this.#again = setTimeout(() => this.open(), wait);
  }

  /** @param {string} reason */
  #end(reason) {
    this.#ws?.close();
    this.#forget(1000);
    clearTimeout(this.#again);
    this.#say("ended", reason);
  }

  /** @param {number} code */
  #forget(code) {
    this.#ws = null;
    clearInterval(this.#heartbeat);
    const lost = [...this.#waiting.values()];
    this.#waiting.clear();
    // 1009 is the one close that is about what was sent: that must not go out again.
    const e = code === 1009
      ? { code: "text_too_long", message: "This is too long to send." }
      : { code: "no_answer", message: "The connection broke before the server answered. Please try again." };
    for (const w of lost) w.fail(new Failure(e));
  }

  /** @param {State} state @param {string} [reason] */
  #say(state, reason) {
    this.state = state;
    this.handlers.state(state, reason);
  }
}
