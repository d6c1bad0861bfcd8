// What one user's pages keep: drafts, the outbox, where one was reading, settings.
import type { Keeper } from "./courier.ts";
import type { Pending } from "./outbox.ts";
import type { Shelf } from "./shelf.ts";
import type { Tabs } from "./tabs.ts";
import type { ChatId, Quote, Seq, UserId } from "./wire.ts";

export interface Draft { readonly text: string; readonly reply?: Quote; readonly at: number }
/** The message at the upper edge, and how far its top lies above that, in pixels. */
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

  /** The newest draft of each chat, whichever tab wrote it. */
  async drafts(): Promise<Map<ChatId, Draft>> {
    const newest = new Map<ChatId, Kept>();
    for (const [key, d] of await this.#shelf.rows<Kept>("drafts", this.#key())) {
      const chat = key.split("/")[1]!;
      if (d.at > (newest.get(chat)?.at ?? -1)) newest.set(chat, d);
    }
    for (const [chat, d] of newest) this.#base.set(chat, d);
    return newest;
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

  async savePlace(chat: ChatId, place: Place): Promise<void> {
    await this.#shelf.edit("places", this.#key(chat), (rows) => rows.set(this.#key(chat), place));
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
