import { asFailure } from "./failure.ts";
import { newId } from "./id.ts";
import type { Socket } from "./socket.ts";
import type { Store } from "./store.ts";
import type { Fields, Ok } from "./wire.ts";

/** The commands that change a message. */
export type Change = "edit" | "delete" | "react" | "pin";

const retryMs = 5000;
const reconnectWaitMs = 30_000; // for the next connection
const maxAttempts = 5;

/**
 * Sends a change. Changes have no outbox: without a connection they fail at once. If the connection breaks, or the
 * server cannot do it now, it is retried with the same clientId, on the same socket: another session's would send it
 * as another user. @throws {Failure}
 */
export async function sendChange<V extends Change>(store: Store, socket: Socket, verb: V, fields: Fields<V>): Promise<Ok<V>> {
  const once = { clientId: newId(), ...fields };
  for (let tries = 1; ; tries++) {
    const live = socket.connection.state === "live";
    try {
      return await socket.command(verb, once);
    } catch (err) {
      const f = asFailure(err);
      if (!live || !f.retryable || tries === maxAttempts) throw f;
      await (f.code === "no_answer" ? store.reconnected(reconnectWaitMs) : new Promise((ok) => setTimeout(ok, f.retryAfterMs ?? retryMs)));
    }
  }
}
