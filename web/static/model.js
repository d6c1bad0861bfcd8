// What is known of chats, messages and people. No document and no network here:
// values from the server go in, and whoever listens is told that something changed.

/**
 * @typedef {{id: string, handle: string, name: string, status?: string, role?: string, active?: boolean}} User
 * @typedef {{emoji: string, count: number, mine: boolean, by: string[]}} Reaction
 * @typedef {{chatId: string, seq: number, at: number, by: string, clientId: string, text: string,
 *   reply?: {seq: number, by: string, text: string}, mentions?: string[], editedAt?: number, deletedAt?: number,
 *   reactions?: Reaction[], asOf?: number}} Message asOf: it is as new as this number
 * @typedef {{messages: Message[], users: User[], head: number, moreBefore: boolean, moreAfter: boolean}} Page
 * @typedef {{id: string, kind: string, open: boolean, title: string, topic: string, head: number, memberCount: number,
 *   activity: number, role?: string, readUpTo: number, unread: number, mentions: number, last?: Message, with?: string,
 *   seen: number, counted: number, loaded: boolean, messages: Message[], moreBefore: boolean, moreAfter: boolean,
 *   during: any[] | null}} Chat seen: the last number applied; counted: up to here the server's counts hold;
 *   messages: one window without holes, replaced when they change and never altered; during: events while a page loads
 */

export class Model {
  /** @param {() => void} changed */
  constructor(changed) {
    this.changed = changed;
    this.epoch = "";
    /** @type {User} */ this.me = { id: "", handle: "", name: "" };
    /** @type {Map<string, User>} */ this.users = new Map();
    /** @type {Map<string, Chat>} */ this.chats = new Map();
    this.names = 0; // grows when somebody's name becomes known or changes
    /** Ids that were seen and are not in users. @type {Set<string>} */ this.unknown = new Set();
  }

  /** @param {string} id @returns {User} */
  user(id) {
    const u = this.users.get(id);
    if (u) return u;
    this.unknown.add(id);
    return { id, handle: "", name: "…" };
  }

  /** @param {User[]} users */
  meet(users) {
    for (const u of users) {
      if (this.users.get(u.id)?.name !== u.name) this.names++;
      this.users.set(u.id, u);
      this.unknown.delete(u.id);
    }
    this.changed();
  }

  /** @param {Chat} c */
  title(c) {
    return c.kind === "direct" && c.with ? this.user(c.with).name : c.title || "Untitled";
  }

  /**
   * Hello's answer. Gives what to resume with: for a chat whose messages are held, and which has moved on, its number.
   * @param {{epoch: string, me: User, chats: any[], users: User[]}} ok
   */
  hello(ok) {
    const sameHistory = this.epoch === ok.epoch;
    this.epoch = ok.epoch;
    this.me = ok.me;
    this.meet([...ok.users, ok.me]);
    const now = new Set(ok.chats.map((c) => c.id));
    for (const id of [...this.chats.keys()]) if (!now.has(id)) this.chats.delete(id);
    /** @type {Record<string, number>} */ const seen = {};
    for (const entry of ok.chats) {
      const known = this.chats.get(entry.id);
      if (sameHistory && known?.loaded && known.seen <= entry.head) {
        if (known.seen < entry.head) seen[entry.id] = known.seen;
        Object.assign(known, entry, { counted: entry.head });
      } else {
        this.appear(entry);
      }
    }
    this.changed();
    return { epoch: ok.epoch, seen };
  }

  /** A chat as the server lists it; events follow from head+1. @param {any} entry */
  appear(entry) {
    const c = { ...entry, seen: entry.head, counted: entry.head, loaded: false, messages: [], moreBefore: false, moreAfter: false, during: null };
    this.chats.set(entry.id, c);
    this.changed();
  }

  /** What the server says of the chat now, unless events told more already. @param {any} entry */
  refresh(entry) {
    const c = this.chats.get(entry.id);
    if (c && entry.head >= c.counted) Object.assign(c, entry, { counted: entry.head });
    this.changed();
  }

  /** The held messages may be out of date: drop them; events follow from head+1. @param {Chat} c @param {number} head */
  reset(c, head) {
    Object.assign(c, { seen: head, counted: head, head, loaded: false, messages: [], moreBefore: false, moreAfter: false, during: null });
    this.changed();
  }

  /**
   * One event. A repeated one changes nothing.
   * @param {any} e
   * @returns {boolean} false if events before it are missing: then it was not applied
   */
  event(e) {
    const c = this.chats.get(e.chatId);
    if (!c || e.seq <= c.seen) return true;
    if (e.seq !== c.seen + 1) return false;
    c.seen = e.seq;
    c.during?.push(e);
    if (e.seq > c.counted) this.#count(c, e);
    this.#fold(c, e);
    this.changed();
    return true;
  }

  /** What the server would list of the chat, with e added. @param {Chat} c @param {any} e */
  #count(c, e) {
    c.counted = c.head = e.seq;
    c.activity = e.at;
    const users = e.users ?? [];
    switch (e.event) {
      case "posted":
        if (e.by === this.me.id) Object.assign(c, { readUpTo: e.seq, unread: 0, mentions: 0 });
        else {
          c.unread++;
          if (e.mentions?.includes(this.me.id)) c.mentions++;
        }
        break;
      case "joined":
        c.memberCount += users.length;
        break;
      case "left":
        c.memberCount -= users.length;
        if (users.includes(this.me.id)) this.chats.delete(c.id);
        break;
      case "role":
        if (users.includes(this.me.id)) c.role = e.role;
        break;
      case "renamed":
        Object.assign(c, { title: e.title ?? c.title, topic: e.topic ?? c.topic });
    }
  }

  /** What e does to the messages held. @param {Chat} c @param {any} e */
  #fold(c, e) {
    if (e.event === "posted") {
      const { event, n, ...m } = e;
      const message = { ...m, clientId: m.clientId ?? "", text: m.text ?? "", asOf: e.seq };
      const newest = c.messages.at(-1)?.seq ?? 0;
      if (c.loaded && !c.moreAfter && e.seq > newest) c.messages = [...c.messages, message];
      if (!c.last || e.seq > c.last.seq) c.last = message;
      return;
    }
    /** @param {Message} m @returns {Message} */
    const change = (m) => {
      if (m.seq === e.target) return changed(m, e, this.me.id);
      if (!m.reply || m.reply.seq !== e.target) return m;
      if (e.event === "deleted") return { ...m, reply: { ...m.reply, text: "" } };
      if (e.event === "edited" && e.text) return { ...m, reply: { ...m.reply, text: e.text.slice(0, 200) } };
      return m;
    };
    if (!e.target) return;
    c.messages = c.messages.map(change);
    if (c.last) c.last = change(c.last);
  }

  /**
   * Call before asking for a page: events that come while it travels are kept.
   * @param {Chat} c
   * @returns {any[]} what is kept; a reset on the way makes another of it, and then the page is not to be used
   */
  loading(c) {
    return (c.during = []);
  }

  /** A long talk is forgotten at its old end, to be loaded again when asked for. @param {Chat} c @param {number} most */
  trim(c, most) {
    if (c.moreAfter || c.during || c.messages.length <= most) return;
    c.messages = c.messages.slice(-most);
    c.moreBefore = true;
  }

  /**
   * A page has come: it replaces what is held, or adds to one end of it.
   * @param {Chat} c
   * @param {Page} page
   * @param {"all" | "before" | "after"} how
   */
  loadedPage(c, page, how) {
    const fresh = page.messages.map((m) => ({ ...m, asOf: page.head }));
    if (how === "all") c.messages = fresh;
    if (how === "before") c.messages = [...fresh.filter((m) => m.seq < (c.messages[0]?.seq ?? Infinity)), ...c.messages];
    if (how === "after") c.messages = [...c.messages, ...fresh.filter((m) => m.seq > (c.messages.at(-1)?.seq ?? 0))];
    if (how !== "after") c.moreBefore = page.moreBefore;
    if (how !== "before") c.moreAfter = page.moreAfter;
    c.loaded = true;
    const missed = c.during ?? [];
    c.during = null;
    for (const e of missed) if (e.seq > page.head) this.#fold(c, e);
    this.meet(page.users);
  }

  /** The read pointer moved, here or on another device. @param {Chat} c @param {number} seq */
  read(c, seq) {
    c.readUpTo = Math.max(c.readUpTo, seq);
    if (seq >= c.seen) c.unread = c.mentions = 0;
    this.changed();
  }
}

/** The message as e leaves it. @param {Message} m @param {any} e @param {string} me @returns {Message} */
function changed(m, e, me) {
  if (m.deletedAt || e.seq <= (m.asOf ?? 0)) return m;
  switch (e.event) {
    case "edited": // one without a text was deleted later; that event follows
      return e.text ? { ...m, text: e.text, mentions: e.mentions, editedAt: e.at } : m;
    case "deleted":
      return { ...m, text: "", mentions: undefined, reactions: undefined, deletedAt: e.at };
    case "reacted": {
      /** @type {Reaction[]} */ const all = m.reactions ?? [];
      /** @type {Reaction} */ const r = all.find((x) => x.emoji === e.emoji) ?? { emoji: e.emoji, count: 0, mine: false, by: [] };
      if (r.by.includes(e.by) === e.on) return m;
      const by = e.on ? [...r.by, e.by] : r.by.filter((u) => u !== e.by);
      const now = { ...r, by, count: r.count + (e.on ? 1 : -1), mine: e.by === me ? e.on : r.mine };
      const list = all.includes(r) ? all.map((x) => (x === r ? now : x)) : [...all, now];
      return { ...m, reactions: list.filter((x) => x.count > 0) };
    }
  }
  return m;
}
