// Tracks which pages of this browser are open: each holds a Web Lock with its id. Plain http has no
// Web Locks; there each page renews a lease in the database.
import { newId } from "./id.ts";
import type { LocalDB } from "./localDB.ts";

const leaseMs = 15_000;
const renewMs = 5000;
const sessionKey = "parley-tab"; // in sessionStorage, which survives a reload
const lockName = (id: string) => `parley-tab-${id}`;

export class Tabs {
  readonly id = newId();
  /** The id of the page that this tab showed before a reload; in a duplicated tab, that of the original. */
  readonly previous: string | undefined;
  #localDB: LocalDB;
  #locks: LockManager | undefined;
  #timer: ReturnType<typeof setInterval> | undefined;
  #release: () => void = () => {};
  #held: Promise<unknown>;

  constructor(localDB: LocalDB, locks: LockManager | undefined = globalThis.navigator?.locks, session = sessionOf()) {
    this.#localDB = localDB;
    this.previous = session?.getItem(sessionKey) ?? undefined;
    session?.setItem(sessionKey, this.id);
    this.#locks = locks;
    if (locks) {
      this.#held = new Promise<void>((held) => {
        locks.request(lockName(this.id), () => new Promise<void>((release) => (held(), (this.#release = release)))).catch(() => held());
      });
      return;
    }
    this.#held = this.renew();
    this.#timer = setInterval(() => void this.renew(), renewMs);
  }

  /** Returns the ids of all open pages, including this one. */
  async alive(): Promise<Set<string>> {
    await this.#held;
    if (this.#locks) {
      const { held = [] } = await this.#locks.query();
      return new Set([this.id, ...held.flatMap((l) => (l.name?.startsWith(lockName("")) ? [l.name.slice(lockName("").length)] : []))]);
    }
    return new Set([this.id, ...(await this.#localDB.rows("tabs", "")).keys()]);
  }

  /** Renews the lease, where there are no locks. */
  renew(): Promise<void> {
    if (this.#locks) return Promise.resolve();
    const now = Date.now();
    return this.#localDB.update<number>("tabs", "", (rows) => {
      for (const [id, until] of rows) if (until < now) rows.delete(id);
      rows.set(this.id, now + leaseMs);
    }).catch(() => {}); // without storage there is nothing to share
  }

  /** Releases the lock or the lease: other pages may adopt this one's rows at once. */
  close(): void {
    clearInterval(this.#timer);
    this.#release();
    if (!this.#locks) void this.#localDB.update("tabs", this.id, (rows) => rows.clear()).catch(() => {});
  }
}

type Session = Pick<Storage, "getItem" | "setItem">;

/** Returns sessionStorage, or undefined where the browser blocks it. */
function sessionOf(): Session | undefined {
  try {
    return globalThis.sessionStorage;
  } catch {
    return undefined;
  }
}
