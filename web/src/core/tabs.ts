// Which pages of this browser are alive: each holds a Web Lock of its name for as
// long as it lives. On plain http there are none: then it renews a lease.
import { newId } from "./id.ts";
import type { LocalDB } from "./localDB.ts";

const leaseMs = 15_000;
const renewMs = 5000;
const sessionKey = "parley-tab"; // in what a browser keeps of one tab through a reload
const lockName = (id: string) => `parley-tab-${id}`;

export class Tabs {
  readonly id = newId();
  /** The page that this tab showed before; in a copy of a tab, the one that it was copied from. */
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

  /** The ids of all that live, this one among them. */
  async alive(): Promise<Set<string>> {
    await this.#held;
    if (this.#locks) {
      const { held = [] } = await this.#locks.query();
      return new Set([this.id, ...held.flatMap((l) => (l.name?.startsWith(lockName("")) ? [l.name.slice(lockName("").length)] : []))]);
    }
    return new Set([this.id, ...(await this.#localDB.rows("tabs", "")).keys()]);
  }

  /** After a rest in the browser's cache, too. */
  renew(): Promise<void> {
    if (this.#locks) return Promise.resolve();
    const now = Date.now();
    return this.#localDB.update<number>("tabs", "", (rows) => {
      for (const [id, until] of rows) if (until < now) rows.delete(id);
      rows.set(this.id, now + leaseMs);
    }).catch(() => {}); // without a disk there is nothing to share
  }

  /** The page goes: others may take over at once. */
  close(): void {
    clearInterval(this.#timer);
    this.#release();
    if (!this.#locks) void this.#localDB.update("tabs", this.id, (rows) => rows.clear()).catch(() => {});
  }
}

type Session = Pick<Storage, "getItem" | "setItem">;

/** Where a browser refuses it, there is none. */
function sessionOf(): Session | undefined {
  try {
    return globalThis.sessionStorage;
  } catch {
    return undefined;
  }
}
