// Opens the connection while the server is asked who is signed in: with TLS, connecting takes three round trips.
import type { WebSocketLike } from "./socket.ts";

const key = "parley-signed-in"; // in localStorage, while a user is signed in: scripts do not see the cookie

/** The page's first connection. Only where a user was signed in: other visitors need none. */
export class EarlySocket {
  #open: () => WebSocketLike;
  #ws: WebSocketLike | undefined;

  constructor(open: () => WebSocketLike) {
    this.#open = open;
  }

  /** Opens the connection if a user was signed in here when the last page closed. */
  start(): void {
    if (!this.#ws && storage()?.getItem(key)) this.#ws = this.#open();
  }

  /** Returns the connection, or a new one if there is none or it has closed. */
  take(): WebSocketLike {
    const ws = this.#ws;
    this.#ws = undefined;
    return ws && ws.readyState <= ws.OPEN ? ws : this.#open();
  }

  /** Closes the connection if nobody took it. */
  drop(): void {
    const ws = this.#ws;
    this.#ws = undefined;
    if (ws?.readyState === ws?.OPEN) ws?.close();
    else if (ws) ws.onopen = () => ws.close(); // browsers report it as an error if it is closed before
  }
}

/** Saves whether a user is signed in. */
export function saveSignedIn(is: boolean): void {
  try {
    if (is) storage()?.setItem(key, "1");
    else storage()?.removeItem(key);
  } catch {
    // the browser stores nothing: the next page connects later
  }
}

/** Returns localStorage, or undefined where the browser blocks it. */
function storage(): Storage | undefined {
  try {
    return globalThis.localStorage;
  } catch {
    return undefined;
  }
}
