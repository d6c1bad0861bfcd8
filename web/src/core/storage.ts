// What one user's pages keep: drafts, the outbox, where one was reading, settings.
import type { Keeper } from "./courier.ts";
import type { Pending } from "./outbox.ts";
import type { Shelf } from "./shelf.ts";
import type { Tabs } from "./tabs.ts";
import type { ChatId, Quote, Seq, UserId } from "./wire.ts";

export interface Draft { readonly text: string; readonly reply?: Quote; readonly at: number }
/** The message at the upper edge, and how far its top lies below that, in pixels. */
export interface Place { readonly seq: Seq; readonly offset: number }

type Kept = Draft & { readonly tab: string };

export class Storage implements Keeper {
  #shelf: Shelf;
  #tabs: Tabs;
  #user: UserId;
  /** The row that each draft here goes back to. */
  #base = new Map<ChatId, Kept>();

  constructor(shelf: Shelf, tabs: Tabs, user: UserId) {
    this.#shelf = shelf;
    this.#tabs = tabs;
    this.#user = user;
  }

  /** A draft of each chat: this tab's own, else the newest that closed tabs left, else the newest of another tab. */
  async drafts(): Promise<Map<ChatId, Draft>> {
    return this.#best(this.#key());
  }

  /** That of one chat, to go on with. */
  async draft(chat: ChatId): Promise<Draft | undefined> {
    const d = (await this.#best(this.#key(chat, ""))).get(chat);
    if (d) this.#base.set(chat, d);
    return d;
  }

  async #best(prefix: string): Promise<Map<ChatId, Kept>> {
    const alive = await this.#tabs.alive();
    const { id, before } = this.#tabs;
    const rank = (d: Kept) => (d.tab === id ? 3 : d.tab === before ? 2 : alive.has(d.tab) ? 0 : 1);
    const best = new Map<ChatId, Kept>();
    for (const [key, d] of await this.#shelf.rows<Kept>("drafts", prefix)) {
      const chat = key.split("/")[1]!;
      const other = best.get(chat);
      if (!other || rank(d) > rank(other) || (rank(d) === rank(other) && d.at > other.at)) best.set(chat, d);
    }
    return best;
  }

  /**
   * Keeps a draft, or forgets it. Each tab has a row of its own, and takes only that row of another's away which its
   * draft began with, and not if the other has written on.
   */
  async saveDraft(chat: ChatId, draft: Draft | undefined): Promise<void> {
    const { id: tab } = this.#tabs;
    const base = this.#base.get(chat);
    const now = draft && { ...draft, tab };
    if (now) this.#base.set(chat, now);
    else this.#base.delete(chat);
    await this.#shelf.edit<Kept>("drafts", this.#key(chat, ""), (rows) => {
      if (base && rows.get(this.#key(chat, base.tab))?.at === base.at) rows.delete(this.#key(chat, base.tab));
      if (now) rows.set(this.#key(chat, tab), now);
      else rows.delete(this.#key(chat, tab));
    });
  }

  put(p: Pending): void {
    this.#quietly(this.#shelf.edit("outbox", this.#key(p.clientId), (rows) => rows.set(this.#key(p.clientId), p)));
  }

  remove(p: Pending): void {
    this.#quietly(this.#shelf.edit("outbox", this.#key(p.clientId), (rows) => rows.delete(this.#key(p.clientId))));
  }

  async adopt(): Promise<readonly Pending[]> {
    const { id: tab } = this.#tabs;
    const alive = await this.#tabs.alive();
    let own: Pending[] = [];
    await this.#shelf.edit<Pending>("outbox", this.#key(), (rows) => {
      for (const [key, p] of rows) if (!alive.has(p.tab)) rows.set(key, { ...p, tab });
      own = [...rows.values()].filter((p) => p.tab === tab);
    });
    return own;
  }

  async place(chat: ChatId): Promise<Place | undefined> {
    return (await this.#shelf.rows<Place>("places", this.#key(chat))).get(this.#key(chat));
  }

  async savePlace(chat: ChatId, place: Place | undefined): Promise<void> {
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

  /** Signing out takes the texts along. */
  async clear(): Promise<void> {
    this.#base.clear();
    for (const table of ["drafts", "outbox", "places"] as const) await this.#shelf.edit(table, this.#key(), (rows) => rows.clear());
  }

  /** Ids hold no slash. */
  #key(...parts: string[]): string {
    return [this.#user, ...(parts.length ? parts : [""])].join("/");
  }

  /** A full disk keeps no message from being sent. */
  #quietly(done: Promise<void>): void {
    done.catch(() => {});
  }
}
