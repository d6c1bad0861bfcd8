// What one user's pages keep: drafts, edits, the outbox, where one was reading, settings.
import type { OutboxStore } from "./outboxSender.ts";
import type { Pending } from "./outbox.ts";
import type { LocalDB } from "./localDB.ts";
import type { Tabs } from "./tabs.ts";
import type { ChatId, Quote, Seq, UserId } from "./wire.ts";

export interface Draft { readonly text: string; readonly reply?: Quote; readonly at: number }
/** The message at the upper edge, and how far its top lies below that, in pixels. */
export interface ScrollPosition { readonly seq: Seq; readonly offset: number }
/** Why what is written here does not outlive the page: the browser keeps nothing, or its disk is full. */
export type StorageProblem = "memory" | "full";

type StoredDraft = Draft & { readonly tab: string };
/** The row of another tab that a draft here began with. closed: it is nobody's any more. */
interface Origin { readonly key: string; readonly at: number; readonly text: string; readonly closed: boolean }

/** Names the draft of an edit, beside those of the chats, whose ids hold no colon. */
export const editKey = (chat: ChatId, seq: Seq): string => `${chat}:${seq}`;

/** Without what somebody else wrote. */
const withoutQuote = <T extends { readonly reply?: Quote }>(row: T): T => (row.reply ? { ...row, reply: { ...row.reply, text: "…" } } : row);

/** Erases what those who are not signed in have read: of them only stays what they wrote and did not send. */
export async function scrub(localDB: LocalDB, signedIn?: UserId): Promise<void> {
  const theirs = (rows: Map<string, { reply?: Quote }>) => [...rows].filter(([key]) => key.split("/")[0] !== signedIn);
  await localDB.update<object>("places", "", (rows) => theirs(rows).forEach(([key]) => rows.delete(key)));
  for (const table of ["drafts", "outbox"] as const) {
    await localDB.update<{ reply?: Quote }>(table, "", (rows) => theirs(rows).forEach(([key, row]) => row.reply && rows.set(key, withoutQuote(row))));
  }
}

export class Storage implements OutboxStore {
  storageProblem: StorageProblem | undefined;
  /** A draft was saved or sent by another page; key names it. */
  #watchers = new Set<(key: string) => void>();
  #localDB: LocalDB;
  #tabs: Tabs;
  #user: UserId;
  #draftSaved: (draft: string) => void;
  #riskChanged: () => void;
  #origins = new Map<string, Origin>();
  #state: "open" | "ended" | "erased" = "open";
  /** Rows with text that this page has written. */
  #writtenRows = new Set<string>();
  /** Writes that the disk refused, by row. */
  #failedWrites = new Map<string, () => Promise<void>>();

  /** saved: other pages should hear of that draft; changed: storageProblem or unsavedText may be others now. */
  constructor(localDB: LocalDB, tabs: Tabs, user: UserId, saved: (draft: string) => void = () => {}, changed = () => {}) {
    this.#localDB = localDB;
    this.#tabs = tabs;
    this.#user = user;
    this.#draftSaved = saved;
    this.#riskChanged = changed;
    if (!localDB.durable) this.storageProblem = "memory";
  }

  /** Something that was written would be lost with the page. */
  get unsavedText(): boolean {
    return this.#localDB.durable ? [...this.#failedWrites.keys()].some((row) => this.#writtenRows.has(row)) : this.#writtenRows.size > 0;
  }

  /** The draft of each chat: this tab's own, else the newest that closed tabs left, else the newest of another tab. */
  async drafts(): Promise<Map<ChatId, Draft>> {
    return new Map([...(await this.#bestDrafts(this.#key()))].filter(([key]) => !key.includes(":")));
  }

  /** That of one chat, or of one edit, to go on with. */
  async draft(key: string): Promise<Draft | undefined> {
    const best = (await this.#bestDrafts(this.#key(key, ""))).get(key);
    if (best && best.tab !== this.#tabs.id) this.#origins.set(key, { ...best, key: this.#key(key, best.tab) });
    return best;
  }

  /** The message of a chat whose edit was left unfinished last, in no other tab that is open. */
  async unfinishedEdit(chat: ChatId): Promise<Seq | undefined> {
    const all = [...(await this.#bestDrafts(this.#key(chat) + ":"))].filter(([, d]) => d.closed || d.tab === this.#tabs.id);
    const newest = all.sort(([, a], [, b]) => b.at - a.at)[0];
    return newest && Number(newest[0].split(":")[1]);
  }

  async #bestDrafts(prefix: string): Promise<Map<string, StoredDraft & { closed: boolean }>> {
    const alive = await this.#tabs.alive();
    const { id, previous } = this.#tabs;
    const rank = (d: StoredDraft) => (d.tab === id ? 3 : d.tab === previous ? 2 : alive.has(d.tab) ? 0 : 1);
    const best = new Map<string, StoredDraft & { closed: boolean }>();
    for (const [row, d] of await this.#localDB.rows<StoredDraft>("drafts", prefix)) {
      const key = row.split("/")[1]!;
      const other = best.get(key);
      if (!other || rank(d) > rank(other) || (rank(d) === rank(other) && d.at > other.at)) best.set(key, { ...d, closed: d.tab === previous || !alive.has(d.tab) });
    }
    return best;
  }

  /**
   * Saves a draft, or deletes it; sent: because that text was sent. Each tab has a row of its own. It deletes another
   * tab's row only if its draft began with that, and the row is unchanged: when the other tab is closed, or when its text
   * was sent from here.
   */
  async saveDraft(key: string, draft: Draft | undefined, sent?: string): Promise<void> {
    const { id: tab } = this.#tabs;
    const own = this.#key(key, tab);
    const base = this.#origins.get(key);
    const takes = base && (base.closed || sent?.includes(base.text));
    if (takes || !draft) this.#origins.delete(key);
    await this.#write("drafts", own, draft && { ...draft, tab }, this.#key(key, ""), (rows) => {
      if (takes && rows.get(base.key)?.at === base.at) rows.delete(base.key);
    });
    this.#draftSaved(key);
  }

  /** Calls back when another page saved or sent a draft. Returns how to stop that. */
  watchDrafts(saved: (key: string) => void): () => void {
    this.#watchers.add(saved);
    return () => this.#watchers.delete(saved);
  }

  /** Another page saved or sent a draft. */
  notifyWatchers(key: string): void {
    for (const w of this.#watchers) w(key);
  }

  put(p: Pending): void {
    this.#write("outbox", this.#key(p.clientId), p).catch(() => {}); // it is sent all the same
  }

  remove(p: Pending): void {
    this.#write<Pending>("outbox", this.#key(p.clientId), undefined).catch(() => {});
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

  /** Whether any page of this user's in this browser has written what was not sent: a message, a draft, an edit. */
  async unsent(): Promise<{ messages: boolean; drafts: boolean }> {
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

  async settings(): Promise<Map<string, unknown>> {
    const prefix = this.#key();
    return new Map([...(await this.#localDB.rows("settings", prefix))].map(([k, v]) => [k.slice(prefix.length), v]));
  }

  async saveSetting(name: string, value: unknown): Promise<void> {
    await this.#localDB.update("settings", this.#key(name), (rows) => rows.set(this.#key(name), value));
  }

  /** The session is over: what is still written here is kept without what others wrote. */
  end(): void {
    if (this.#state === "open") this.#state = "ended";
  }

  /** Signing out erases what was not sent, and lets nothing follow. */
  async clear(): Promise<void> {
    this.#state = "erased";
    this.#origins.clear();
    this.#writtenRows.clear();
    this.#failedWrites.clear();
    for (const table of ["drafts", "outbox", "places"] as const) await this.#localDB.update(table, this.#key(), (rows) => rows.clear());
  }

  /** Puts a row, or deletes it; also: what else changes with it among the rows of that prefix. */
  #write<T extends { readonly reply?: Quote }>(table: "drafts" | "outbox", row: string, value: T | undefined, prefix = row, also: (rows: Map<string, T>) => void = () => {}): Promise<void> {
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
    this.#failedWrites.delete(row); // a newer write takes its place
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
