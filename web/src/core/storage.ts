// What one user's pages keep: drafts, edits, the outbox, where one was reading, settings.
import type { Keeper } from "./courier.ts";
import type { Pending } from "./outbox.ts";
import type { Shelf } from "./shelf.ts";
import type { Tabs } from "./tabs.ts";
import type { ChatId, Quote, Seq, UserId } from "./wire.ts";

export interface Draft { readonly text: string; readonly reply?: Quote; readonly at: number }
/** The message at the upper edge, and how far its top lies below that, in pixels. */
export interface Place { readonly seq: Seq; readonly offset: number }
/** Why what is written here does not outlive the page: the browser keeps nothing, or its disk is full. */
export type NotKept = "memory" | "full";

type Kept = Draft & { readonly tab: string };
/** The row of another tab that a draft here began with. closed: it is nobody's any more. */
interface Base { readonly key: string; readonly at: number; readonly text: string; readonly closed: boolean }

/** Names the draft of an edit, beside those of the chats, whose ids hold no colon. */
export const editKey = (chat: ChatId, seq: Seq): string => `${chat}:${seq}`;

/** Without what somebody else wrote. */
const withoutQuote = <T extends { readonly reply?: Quote }>(row: T): T => (row.reply ? { ...row, reply: { ...row.reply, text: "…" } } : row);

/** Erases what those who are not signed in have read: of them only stays what they wrote and did not send. */
export async function scrub(shelf: Shelf, signedIn?: UserId): Promise<void> {
  const theirs = (rows: Map<string, { reply?: Quote }>) => [...rows].filter(([key]) => key.split("/")[0] !== signedIn);
  await shelf.edit<object>("places", "", (rows) => theirs(rows).forEach(([key]) => rows.delete(key)));
  for (const table of ["drafts", "outbox"] as const) {
    await shelf.edit<{ reply?: Quote }>(table, "", (rows) => theirs(rows).forEach(([key, row]) => row.reply && rows.set(key, withoutQuote(row))));
  }
}

export class Storage implements Keeper {
  notKept: NotKept | undefined;
  /** A draft was saved or sent by another page; key names it. */
  #watchers = new Set<(key: string) => void>();
  #shelf: Shelf;
  #tabs: Tabs;
  #user: UserId;
  #saved: (draft: string) => void;
  #changed: () => void;
  #base = new Map<string, Base>();
  #state: "open" | "ended" | "erased" = "open";
  /** Rows with text that this page has written. */
  #held = new Set<string>();
  /** Writes that the disk refused, by row. */
  #failed = new Map<string, () => Promise<void>>();

  /** saved: other pages should hear of that draft; changed: notKept or atRisk may be others now. */
  constructor(shelf: Shelf, tabs: Tabs, user: UserId, saved: (draft: string) => void = () => {}, changed = () => {}) {
    this.#shelf = shelf;
    this.#tabs = tabs;
    this.#user = user;
    this.#saved = saved;
    this.#changed = changed;
    if (!shelf.durable) this.notKept = "memory";
  }

  /** Something that was written would be lost with the page. */
  get atRisk(): boolean {
    return this.#shelf.durable ? [...this.#failed.keys()].some((row) => this.#held.has(row)) : this.#held.size > 0;
  }

  /** The draft of each chat: this tab's own, else the newest that closed tabs left, else the newest of another tab. */
  async drafts(): Promise<Map<ChatId, Draft>> {
    return new Map([...(await this.#best(this.#key()))].filter(([key]) => !key.includes(":")));
  }

  /** That of one chat, or of one edit, to go on with. */
  async draft(key: string): Promise<Draft | undefined> {
    const best = (await this.#best(this.#key(key, ""))).get(key);
    if (best && best.tab !== this.#tabs.id) this.#base.set(key, { ...best, key: this.#key(key, best.tab) });
    return best;
  }

  /** The message of a chat whose edit was left unfinished last, in no other tab that is open. */
  async edited(chat: ChatId): Promise<Seq | undefined> {
    const all = [...(await this.#best(this.#key(chat) + ":"))].filter(([, d]) => d.closed || d.tab === this.#tabs.id);
    const newest = all.sort(([, a], [, b]) => b.at - a.at)[0];
    return newest && Number(newest[0].split(":")[1]);
  }

  async #best(prefix: string): Promise<Map<string, Kept & { closed: boolean }>> {
    const alive = await this.#tabs.alive();
    const { id, before } = this.#tabs;
    const rank = (d: Kept) => (d.tab === id ? 3 : d.tab === before ? 2 : alive.has(d.tab) ? 0 : 1);
    const best = new Map<string, Kept & { closed: boolean }>();
    for (const [row, d] of await this.#shelf.rows<Kept>("drafts", prefix)) {
      const key = row.split("/")[1]!;
      const other = best.get(key);
      if (!other || rank(d) > rank(other) || (rank(d) === rank(other) && d.at > other.at)) best.set(key, { ...d, closed: d.tab === before || !alive.has(d.tab) });
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
    const base = this.#base.get(key);
    const takes = base && (base.closed || sent?.includes(base.text));
    if (takes || !draft) this.#base.delete(key);
    await this.#write("drafts", own, draft && { ...draft, tab }, this.#key(key, ""), (rows) => {
      if (takes && rows.get(base.key)?.at === base.at) rows.delete(base.key);
    });
    this.#saved(key);
  }

  /** Calls back when another page saved or sent a draft. Returns how to stop that. */
  watch(saved: (key: string) => void): () => void {
    this.#watchers.add(saved);
    return () => this.#watchers.delete(saved);
  }

  /** Another page saved or sent a draft. */
  heard(key: string): void {
    for (const w of this.#watchers) w(key);
  }

  put(p: Pending): void {
    this.#write("outbox", this.#key(p.clientId), p).catch(() => {}); // it is sent all the same
  }

  remove(p: Pending): void {
    this.#write<Pending>("outbox", this.#key(p.clientId), undefined).catch(() => {});
  }

  async adopt(): Promise<readonly Pending[]> {
    for (const [row, write] of [...this.#failed]) void this.#attempt(row, write).catch(() => {});
    const { id: tab } = this.#tabs;
    const alive = await this.#tabs.alive();
    let own: Pending[] = [];
    await this.#shelf.edit<Pending>("outbox", this.#key(), (rows) => {
      for (const [key, p] of rows) if (!alive.has(p.tab)) rows.set(key, { ...p, tab });
      own = [...rows.values()].filter((p) => p.tab === tab);
    });
    return own;
  }

  /** Whether any page of this user's in this browser has written what was not sent: a message, a draft, an edit. */
  async unsent(): Promise<{ messages: boolean; drafts: boolean }> {
    const [outbox, drafts] = await Promise.all([this.#shelf.rows("outbox", this.#key()), this.#shelf.rows<Kept>("drafts", this.#key())]);
    return { messages: outbox.size > 0, drafts: [...drafts.values()].some((d) => d.text.trim()) };
  }

  async place(chat: ChatId): Promise<Place | undefined> {
    return (await this.#shelf.rows<Place>("places", this.#key(chat))).get(this.#key(chat));
  }

  async savePlace(chat: ChatId, place: Place | undefined): Promise<void> {
    if (this.#state !== "open") return;
    const key = this.#key(chat);
    await this.#shelf.edit("places", key, (rows) => (place ? rows.set(key, place) : rows.delete(key)));
  }

  async settings(): Promise<Map<string, unknown>> {
    const prefix = this.#key();
    return new Map([...(await this.#shelf.rows("settings", prefix))].map(([k, v]) => [k.slice(prefix.length), v]));
  }

  async saveSetting(name: string, value: unknown): Promise<void> {
    await this.#shelf.edit("settings", this.#key(name), (rows) => rows.set(this.#key(name), value));
  }

  /** The session is over: what is still written here is kept without what others wrote. */
  end(): void {
    if (this.#state === "open") this.#state = "ended";
  }

  /** Signing out erases what was not sent, and lets nothing follow. */
  async clear(): Promise<void> {
    this.#state = "erased";
    this.#base.clear();
    this.#held.clear();
    this.#failed.clear();
    for (const table of ["drafts", "outbox", "places"] as const) await this.#shelf.edit(table, this.#key(), (rows) => rows.clear());
  }

  /** Puts a row, or deletes it; also: what else changes with it among the rows of that prefix. */
  #write<T extends { readonly reply?: Quote }>(table: "drafts" | "outbox", row: string, value: T | undefined, prefix = row, also: (rows: Map<string, T>) => void = () => {}): Promise<void> {
    if (this.#state === "erased") return Promise.resolve();
    const now = value && this.#state === "ended" ? withoutQuote(value) : value;
    if (now) this.#held.add(row);
    else this.#held.delete(row);
    if (!this.#shelf.durable) this.#changed();
    return this.#attempt(row, () => this.#shelf.edit<T>(table, prefix, (rows) => {
      also(rows);
      if (now) rows.set(row, now);
      else rows.delete(row);
    }));
  }

  async #attempt(row: string, write: () => Promise<void>): Promise<void> {
    this.#failed.delete(row); // a newer write takes its place
    try {
      await write();
      if (!this.#shelf.durable || !this.notKept || this.#failed.size) return;
      this.notKept = undefined;
      this.#changed();
    } catch (err) {
      if (this.#state === "erased") return;
      this.#failed.set(row, write);
      this.notKept = (err as Error | null)?.name === "QuotaExceededError" ? "full" : "memory";
      this.#changed();
      throw err;
    }
  }

  /** Ids hold no slash. */
  #key(...parts: string[]): string {
    return [this.#user, ...(parts.length ? parts : [""])].join("/");
  }
}
