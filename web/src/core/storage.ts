// Stores for one user: drafts, unfinished edits, the outbox, scroll positions, recent searches, settings.
import { copiesOf, dropCopies, keepCopy } from "./draftCopies.ts";
import type { OutboxStore } from "./outboxSender.ts";
import type { Pending } from "./outbox.ts";
import type { LocalDB } from "./localDB.ts";
import type { Tabs } from "./tabs.ts";
import type { ChatId, Quote, Seq, UserId } from "./wire.ts";

/** of: the text that an edit began with. */
export interface Draft { readonly text: string; readonly reply?: Quote; readonly of?: string; readonly at: number }
/** The message at the upper edge, and the px between its top and the edge. */
export interface ScrollPosition { readonly seq: Seq; readonly offset: number }
/** Why texts do not outlive the page: the browser stores nothing ("memory"), or its quota is full. */
export type StorageProblem = "memory" | "full";

type StoredDraft = Draft & { readonly tab: string };
/** Another tab's row from which a draft here was derived. closed: that tab is closed. */
interface Origin { readonly key: string; readonly at: number; readonly text: string; readonly closed: boolean }

/** Returns the key of the draft of a reply in a thread. */
export const threadDraftKey = (chatId: ChatId, root: Seq): string => `thread:${chatId}:${root}`;

/** Returns the key of an edit's draft. A chat's draft has the chat's id, which contains no colon, as its key. */
export const editKey = (chat: ChatId, seq: Seq): string => `${chat}:${seq}`;

/** The key of the recent searches among the chats' scroll positions; it is no id of a chat. */
const searches = "searches";

/** Returns the row without the quoted text of another user. */
const withoutQuote = <T extends object>(row: T): T => ("reply" in row && row.reply ? { ...row, reply: { ...row.reply, text: "…" } } : row);

/** Erases what users who are not signed in have read. Only texts that they wrote and did not send stay. */
export async function scrub(localDB: LocalDB, signedIn?: UserId): Promise<void> {
  const theirs = (rows: Map<string, { reply?: Quote }>) => [...rows].filter(([key]) => key.split("/")[0] !== signedIn);
  await localDB.update<object>("places", "", (rows) => theirs(rows).forEach(([key]) => rows.delete(key)));
  for (const table of ["drafts", "outbox"] as const) {
    await localDB.update<{ reply?: Quote }>(table, "", (rows) => theirs(rows).forEach(([key, row]) => row.reply && rows.set(key, withoutQuote(row))));
  }
}

export class Storage implements OutboxStore {
  storageProblem: StorageProblem | undefined;
  /** Called with the key of a draft that another page saved or sent. */
  #watchers = new Set<(key: string) => void>();
  #localDB: LocalDB;
  #tabs: Tabs;
  #user: UserId;
  #draftSaved: (draft: string) => void;
  #riskChanged: () => void;
  #origins = new Map<string, Origin>();
  /** The other tabs' rows that are deleted by a write which has not reached the disk yet, by the row that it writes. */
  #replacing = new Map<string, { row: string; at: number }>();
  #state: "open" | "ended" | "erased" = "open";
  /** Keys of the rows with text that this page has written. */
  #writtenRows = new Set<string>();
  /** Failed writes, by row. */
  #failedWrites = new Map<string, () => Promise<void>>();

  /** saved is called for each saved draft, changed when storageProblem or unsavedText may have changed. */
  constructor(localDB: LocalDB, tabs: Tabs, user: UserId, saved: (draft: string) => void = () => {}, changed = () => {}) {
    this.#localDB = localDB;
    this.#tabs = tabs;
    this.#user = user;
    this.#draftSaved = saved;
    this.#riskChanged = changed;
    if (!localDB.durable) this.storageProblem = "memory";
  }

  /** Whether a text would be lost with the page. */
  get unsavedText(): boolean {
    return this.#localDB.durable ? [...this.#failedWrites.keys()].some((row) => this.#writtenRows.has(row)) : this.#writtenRows.size > 0;
  }

  /** Returns each chat's draft: this tab's own, else the newest of closed tabs, else the newest of another tab. */
  async drafts(): Promise<Map<ChatId, Draft>> {
    return new Map([...(await this.#bestDrafts(this.#key()))].filter(([key]) => !key.includes(":")));
  }

  /** Returns the draft of a chat or an edit, to continue it here. */
  async draft(key: string): Promise<Draft | undefined> {
    const best = (await this.#bestDrafts(this.#key(key, ""))).get(key);
    if (best && best.tab !== this.#tabs.id) this.#origins.set(key, { ...best, key: this.#key(key, best.tab) });
    return best;
  }

  /** Returns the message of the chat's last unfinished edit that is not open in another tab. */
  async unfinishedEdit(chat: ChatId): Promise<Seq | undefined> {
    const all = [...(await this.#bestDrafts(this.#key(chat) + ":"))].filter(([, d]) => d.closed || d.tab === this.#tabs.id);
    const newest = all.sort(([, a], [, b]) => b.at - a.at)[0];
    return newest && Number(newest[0].split(":")[1]);
  }

  async #bestDrafts(prefix: string): Promise<Map<string, StoredDraft & { closed: boolean }>> {
    const alive = await this.#tabs.alive();
    const { id, previous } = this.#tabs;
    const rank = (d: StoredDraft) => (d.tab === id ? 3 : d.tab === previous ? 2 : alive.has(d.tab) ? 0 : 1);
    await this.#takeOverCopies();
    const best = new Map<string, StoredDraft & { closed: boolean }>();
    for (const [row, d] of await this.#localDB.rows<StoredDraft>("drafts", prefix)) {
      const key = row.split("/")[1]!;
      const other = best.get(key);
      if (!other || rank(d) > rank(other) || (rank(d) === rank(other) && d.at > other.at)) best.set(key, { ...d, closed: d.tab === previous || !alive.has(d.tab) });
    }
    return best;
  }

  /**
   * Saves a draft, or deletes it; sent: because that text was sent. Each tab has its own row. Another tab's row is
   * deleted only if this draft was derived from it and is unchanged, and then only if that tab is closed or its text was
   * sent from here.
   */
  async saveDraft(key: string, draft: Draft | undefined, sent?: string): Promise<void> {
    const { id: tab } = this.#tabs;
    const own = this.#key(key, tab);
    const base = this.#origins.get(key);
    const takes = base && (base.closed || sent?.includes(base.text));
    if (takes || !draft) this.#origins.delete(key);
    if (takes) this.#replacing.set(own, { row: base.key, at: base.at });
    await this.#write("drafts", own, draft && { ...draft, tab }, this.#key(key, ""), (rows) => {
      if (takes && rows.get(base.key)?.at === base.at) rows.delete(base.key);
    });
    this.#replacing.delete(own);
    dropCopies([own]);
    this.#draftSaved(key);
  }

  /** Keeps a copy of a draft, or of its deletion, at once: the page is being left, and its last write may not reach the disk. */
  copyDraft(key: string, draft: Draft | undefined): void {
    const { id: tab } = this.#tabs;
    if (this.#state === "erased" || !this.#localDB.durable) return;
    const row = this.#key(key, tab), replaces = this.#replacing.get(row);
    keepCopy<StoredDraft>(row, { at: draft?.at ?? Date.now(), ...(draft && { draft: { ...withoutQuote(draft), tab } }), ...(replaces && { replaces }) });
  }

  /** Stores what earlier pages left as copies. */
  async #takeOverCopies(): Promise<void> {
    const copies = copiesOf<StoredDraft>(this.#key());
    if (!copies.size || this.#state === "erased") return;
    await this.#localDB.update<StoredDraft>("drafts", this.#key(), (rows) => {
      for (const [row, { at, draft, replaces }] of copies) {
        if (replaces && rows.get(replaces.row)?.at === replaces.at) rows.delete(replaces.row);
        const stored = rows.get(row);
        if (stored && stored.at > at) continue;
        if (draft) rows.set(row, stored?.reply?.seq === draft.reply?.seq ? { ...draft, ...(stored?.reply && { reply: stored.reply }) } : draft);
        else rows.delete(row);
      }
    });
    dropCopies(copies.keys());
  }

  /** Calls saved with the key of each draft that another page saves or sends. Returns the function that ends this. */
  watchDrafts(saved: (key: string) => void): () => void {
    this.#watchers.add(saved);
    return () => this.#watchers.delete(saved);
  }

  /** Tells the watchers that another page saved or sent a draft. */
  notifyWatchers(key: string): void {
    for (const w of this.#watchers) w(key);
  }

  put(p: Pending): void {
    this.#write("outbox", this.#key(p.clientId), p).catch(() => {}); // the message is sent without being stored
  }

  /** Removes a message, and its files before it: a page that is closed in between leaves no file that belongs to nothing. */
  remove(p: Pending): void {
    const remove = () => this.#write("outbox", this.#key(p.clientId), undefined).catch(() => {});
    void (p.files ? this.#removeFiles(p).then(remove) : remove());
  }

  /** Stores the bytes of a file of an unsent message. */
  putFile(clientId: string, key: string, blob: Blob): void {
    this.#write("files", this.#key(clientId, key), { blob }).catch(() => {}); // it is sent without being stored
  }

  async file(clientId: string, key: string): Promise<Blob | undefined> {
    const row = this.#key(clientId, key);
    return (await this.#localDB.rows<{ blob: Blob }>("files", row)).get(row)?.blob;
  }

  async #removeFiles(p: Pending): Promise<void> {
    for (const { key } of p.files ?? []) await this.#write("files", this.#key(p.clientId, key), undefined).catch(() => {});
  }

  async adopt(): Promise<readonly Pending[]> {
    for (const [row, write] of [...this.#failedWrites]) void this.#attempt(row, write).catch(() => {});
    const { id: tab } = this.#tabs;
    const alive = await this.#tabs.alive();
    let own: Pending[] = [];
    await this.#localDB.update<Pending>("outbox", this.#key(), (rows) => {
      for (const [key, p] of rows) if (!alive.has(p.tab)) rows.set(key, { ...p, tab });
      own = [...rows.values()].filter((p) => p.tab === tab);
    });
    return own;
  }

  /** Returns whether any page of this user in this browser has unsent messages or drafts, edits included. */
  async unsent(): Promise<{ messages: boolean; drafts: boolean }> {
    await this.#takeOverCopies();
    const [outbox, drafts] = await Promise.all([this.#localDB.rows("outbox", this.#key()), this.#localDB.rows<StoredDraft>("drafts", this.#key())]);
    return { messages: outbox.size > 0, drafts: [...drafts.values()].some((d) => d.text.trim()) };
  }

  async scrollPosition(chat: ChatId): Promise<ScrollPosition | undefined> {
    return (await this.#localDB.rows<ScrollPosition>("places", this.#key(chat))).get(this.#key(chat));
  }

  async saveScrollPosition(chat: ChatId, place: ScrollPosition | undefined): Promise<void> {
    if (this.#state !== "open") return;
    const key = this.#key(chat);
    await this.#localDB.update("places", key, (rows) => (place ? rows.set(key, place) : rows.delete(key)));
  }

  /** Returns what the user searched for, newest first. It is stored with the scroll positions, and deleted with them. */
  async recentSearches(): Promise<readonly string[]> {
    return (await this.#localDB.rows<{ queries: readonly string[] }>("places", this.#key(searches))).get(this.#key(searches))?.queries ?? [];
  }

  async saveRecentSearches(queries: readonly string[]): Promise<void> {
    if (this.#state !== "open") return;
    await this.#localDB.update<object>("places", this.#key(searches), (rows) => rows.set(this.#key(searches), { queries }));
  }

  async settings(): Promise<Map<string, unknown>> {
    const prefix = this.#key();
    return new Map([...(await this.#localDB.rows("settings", prefix))].map(([k, v]) => [k.slice(prefix.length), v]));
  }

  async saveSetting(name: string, value: unknown): Promise<void> {
    await this.#localDB.update("settings", this.#key(name), (rows) => rows.set(this.#key(name), value));
  }

  /** Ends the session: later writes are stored without quotes of others. */
  end(): void {
    if (this.#state === "open") this.#state = "ended";
  }

  /** Erases the user's unsent texts and ignores later writes: the user signed out. */
  async clear(): Promise<void> {
    this.#state = "erased";
    this.#origins.clear();
    this.#writtenRows.clear();
    this.#failedWrites.clear();
    dropCopies(copiesOf(this.#key()).keys());
    for (const table of ["drafts", "outbox", "files", "places"] as const) await this.#localDB.update(table, this.#key(), (rows) => rows.clear());
  }

  /** Puts or deletes a row; `also` changes further rows of the prefix in the same transaction. */
  #write<T extends object>(table: "drafts" | "outbox" | "files", row: string, value: T | undefined, prefix = row, also: (rows: Map<string, T>) => void = () => {}): Promise<void> {
    if (this.#state === "erased") return Promise.resolve();
    const now = value && this.#state === "ended" ? withoutQuote(value) : value;
    if (now) this.#writtenRows.add(row);
    else this.#writtenRows.delete(row);
    if (!this.#localDB.durable) this.#riskChanged();
    return this.#attempt(row, () => this.#localDB.update<T>(table, prefix, (rows) => {
      also(rows);
      if (now) rows.set(row, now);
      else rows.delete(row);
    }));
  }

  async #attempt(row: string, write: () => Promise<void>): Promise<void> {
    this.#failedWrites.delete(row); // a newer write replaces it
    try {
      await write();
      if (!this.#localDB.durable || !this.storageProblem || this.#failedWrites.size) return;
      this.storageProblem = undefined;
      this.#riskChanged();
    } catch (err) {
      if (this.#state === "erased") return;
      this.#failedWrites.set(row, write);
      this.storageProblem = (err as Error | null)?.name === "QuotaExceededError" ? "full" : "memory";
      this.#riskChanged();
      throw err;
    }
  }

  /** Ids hold no slash. */
  #key(...parts: string[]): string {
    return [this.#user, ...(parts.length ? parts : [""])].join("/");
  }
}
