// Messages that the server has not acknowledged yet. They outlive a reload: each
// lies under a key of its own, so that two tabs never overwrite each other, and
// a message sent by both is still one message, by its clientId.

import { newId } from "./api.js";

/**
 * @typedef {{clientId: string, chatId: string, text: string, at: number, reply?: {seq: number, by: string, text: string},
 *   acked?: number, failed?: string}} Pending acked: the message's number; failed: why it will never be sent
 */

export class Outbox {
  #running = false;
  #again = 0;

  /**
   * @param {string} userId whose messages
   * @param {(cmd: Record<string, any>) => Promise<any>} send
   * @param {() => void} changed
   */
  constructor(userId, send, changed) {
    this.prefix = `parley.outbox.${userId}.`;
    this.send = send;
    this.changed = changed;
    /** Oldest first. @type {Pending[]} */ this.entries = stored(this.prefix);
  }

  /** @param {string} chatId @param {string} text @param {Pending["reply"]} [reply] */
  add(chatId, text, reply) {
    const p = { clientId: newId(), chatId, text, reply, at: Date.now() };
    this.entries.push(p);
    keep(this.prefix + p.clientId, JSON.stringify(p));
    this.changed();
    this.run();
  }

  /** Sends what waits, one after the other, so that the order holds. Call when the connection is live. */
  async run() {
    if (this.#running) return;
    this.#running = true;
    clearTimeout(this.#again);
    for (let p; (p = this.entries.find((e) => !e.acked && !e.failed)); ) {
      try {
        const ok = await this.send({ do: "post", chatId: p.chatId, clientId: p.clientId, text: p.text, replyTo: p.reply?.seq });
        p.acked = ok.seq;
        forget(this.prefix + p.clientId);
      } catch (err) {
        const failure = /** @type {import("./api.js").Failure} */ (err);
        if (failure.again) {
          // No answer: the next live connection calls run. Else the server is there and asks to wait.
          if (failure.code !== "no_answer") this.#again = setTimeout(() => this.run(), failure.retryAfterMs ?? 2000);
          break;
        }
        p.failed = failure.message;
        keep(this.prefix + p.clientId, JSON.stringify(p));
      }
      this.changed();
    }
    this.#running = false;
  }

  /** Acknowledged ones whose event has come are in the chat now. @param {(chatId: string) => number} seen */
  settle(seen) {
    this.entries = this.entries.filter((e) => !e.acked || e.acked > seen(e.chatId));
  }

  /** An event of ours may come before its acknowledgement. @param {string} clientId @param {number} seq */
  arrived(clientId, seq) {
    const p = this.entries.find((e) => e.clientId === clientId);
    if (!p) return;
    p.acked = seq;
    forget(this.prefix + clientId);
  }

  /** @param {Pending} p */
  discard(p) {
    this.entries = this.entries.filter((e) => e !== p);
    forget(this.prefix + p.clientId);
    this.changed();
  }

  /** Signing out takes the texts along. */
  clear() {
    for (const e of this.entries) forget(this.prefix + e.clientId);
    this.entries = [];
  }
}

// A browser may refuse storage; then the outbox lives as long as the page.

/** @param {string} prefix @returns {Pending[]} */
function stored(prefix) {
  try {
    return Object.keys(localStorage).filter((k) => k.startsWith(prefix))
      .map((k) => JSON.parse(localStorage.getItem(k) ?? "")).sort((a, b) => a.at - b.at);
  } catch {
    return [];
  }
}

/** @param {string} key @param {string} value */
function keep(key, value) {
  try {
    localStorage.setItem(key, value);
  } catch {}
}

/** @param {string} key */
function forget(key) {
  try {
    localStorage.removeItem(key);
  } catch {}
}
