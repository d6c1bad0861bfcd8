// Tables of plain values that outlive the page, in IndexedDB; in memory where a browser
// refuses that, as in private windows.
import { openDB, type IDBPDatabase } from "idb";

const tables = ["drafts", "outbox", "places", "settings", "tabs", "files"] as const;
export type Table = (typeof tables)[number];

export interface LocalDB {
  /** Whether rows outlive the page. */
  readonly durable: boolean;
  /** Returns the rows whose keys have the prefix. */
  rows: <T>(table: Table, prefix: string) => Promise<Map<string, T>>;
  /** Stores what change does to those rows, in one transaction. */
  update: <T>(table: Table, prefix: string, change: (rows: Map<string, T>) => unknown) => Promise<void>;
}

/** Opens the database; never fails, but falls back to memory. */
export async function openLocalDB(name = "parley"): Promise<LocalDB> {
  try {
    // Some browsers never settle the request where storage is off.
    const db = await Promise.race([open(name), new Promise<never>((_, fail) => setTimeout(fail, 3000))]);
    return new IndexedDBStore(name, db);
  } catch {
    return new MemoryStore();
  }
}

const open = (name: string) => openDB(name, 2, { upgrade: (db) => tables.forEach((t) => db.objectStoreNames.contains(t) || db.createObjectStore(t)) }); // version 2 has files
const from = (prefix: string) => IDBKeyRange.bound(prefix, prefix + "\uffff");

class IndexedDBStore implements LocalDB {
  readonly durable = true;
  #name: string;
  #db: Promise<IDBPDatabase>;

  constructor(name: string, db: IDBPDatabase) {
    this.#name = name;
    this.#db = Promise.resolve(db);
    this.#reopenOnClose(db);
  }

  /** Opens the database again after the browser closed it; closes it for a newer version of the page. */
  #reopenOnClose(db: IDBPDatabase): void {
    const again = () => {
      db.close();
      this.#db = open(this.#name);
      this.#db.then((db) => this.#reopenOnClose(db), () => {});
    };
    db.addEventListener("close", again);
    db.addEventListener("versionchange", () => db.close());
  }

  async rows<T>(table: Table, prefix: string): Promise<Map<string, T>> {
    const tx = (await this.#db).transaction(table);
    const [keys, values] = await Promise.all([tx.store.getAllKeys(from(prefix)), tx.store.getAll(from(prefix))]);
    return new Map(keys.map((k, i) => [k as string, values[i] as T]));
  }

  async update<T>(table: Table, prefix: string, change: (rows: Map<string, T>) => unknown): Promise<void> {
    const tx = (await this.#db).transaction(table, "readwrite");
    const [keys, values] = await Promise.all([tx.store.getAllKeys(from(prefix)), tx.store.getAll(from(prefix))]);
    const before = new Map(keys.map((k, i) => [k as string, values[i] as T]));
    const rows = new Map(before);
    change(rows);
    const failed = () => {}; // the transaction rejects, too
    for (const [k, v] of rows) if (before.get(k) !== v) tx.store.put(v, k).catch(failed);
    for (const k of before.keys()) if (!rows.has(k)) tx.store.delete(k).catch(failed);
    await tx.done;
  }
}

class MemoryStore implements LocalDB {
  readonly durable = false;
  #tables = new Map<Table, Map<string, unknown>>();

  rows<T>(table: Table, prefix: string): Promise<Map<string, T>> {
    return Promise.resolve(new Map([...(this.#tables.get(table) ?? [])].filter(([k]) => k.startsWith(prefix))) as Map<string, T>);
  }

  update<T>(table: Table, prefix: string, change: (rows: Map<string, T>) => unknown): Promise<void> {
    return new Promise((ok) => {
      const all = this.#tables.get(table) ?? new Map<string, unknown>();
      const rows = new Map([...all].filter(([k]) => k.startsWith(prefix)));
      const before = [...rows.keys()];
      change(rows as Map<string, T>);
      for (const k of before) all.delete(k);
      for (const [k, v] of rows) all.set(k, v);
      this.#tables.set(table, all);
      ok();
    });
  }
}
