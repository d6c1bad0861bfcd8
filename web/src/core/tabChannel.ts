// Messages between the pages of one browser. They contain no texts of users.
import type { UserId } from "./wire.ts";

export type TabMessage =
  /** This user signed in: the browser's cookie is theirs now. */
  | { readonly type: "in"; readonly user: UserId }
  /** This user signed out, and their unsent texts were erased. */
  | { readonly type: "out"; readonly user: UserId }
  /** A draft of this user was saved, sent or erased; key as in Storage. */
  | { readonly type: "draft"; readonly user: UserId; readonly key: string };

const name = "parley";

/** Uses a BroadcastChannel, or the storage event where there is none. */
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
      localStorage.removeItem(name); // so that an equal message is an event again
    } catch {
      // The browser blocks both. The server still rejects the calls of another user's page.
    }
  }

  close(): void {
    this.#channel?.close();
    globalThis.removeEventListener?.("storage", this.#onStorage);
  }
}
