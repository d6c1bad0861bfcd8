// What the pages of one browser tell each other. No text of anybody's is among it.
import type { UserId } from "./wire.ts";

export type TabMessage =
  /** The browser's cookie is this user's now. */
  | { readonly type: "in"; readonly user: UserId }
  /** They signed out here: what they had not sent was erased. */
  | { readonly type: "out"; readonly user: UserId }
  /** A draft of theirs was saved, sent or erased; key as in Storage. */
  | { readonly type: "draft"; readonly user: UserId; readonly key: string };

const name = "parley";

/** A BroadcastChannel, or where there is none the storage event of the other pages. */
export class TabChannel {
  onMessage: (n: TabMessage) => void = () => {};
  #channel = globalThis.BroadcastChannel ? new BroadcastChannel(name) : undefined;
  #onStorage = (e: StorageEvent) => {
    if (e.key === name && e.newValue) this.onMessage(JSON.parse(e.newValue) as TabMessage);
  };

  constructor() {
    if (this.#channel) this.#channel.onmessage = (e) => this.onMessage(e.data as TabMessage);
    else globalThis.addEventListener?.("storage", this.#onStorage);
  }

  send(n: TabMessage): void {
    try {
      if (this.#channel) return this.#channel.postMessage(n);
      localStorage.setItem(name, JSON.stringify(n));
      localStorage.removeItem(name); // the same again is an event, too
    } catch {
      // A browser that refuses both: the server still tells other pages whose call it is.
    }
  }

  close(): void {
    this.#channel?.close();
    globalThis.removeEventListener?.("storage", this.#onStorage);
  }
}
