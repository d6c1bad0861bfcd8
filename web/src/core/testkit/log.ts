// A reference model of one chat on the server: folds the log on each call, slowly and plainly, and
// shares no code with what it tests.
import type { Entry, Event, Message, Mine, Page, Role, Seq, ThreadPage, User, UserId, HistoryWindow } from "../wire.ts";

export const user = (id: UserId): User => ({ id, handle: id, name: id.toUpperCase(), status: "", role: "member", active: true });

type Draft<E = Event> = E extends Event ? Omit<E, "chatId" | "seq" | "n" | "at"> : never;

export class Log {
  readonly events: Event[] = [];
  readonly readUpTo = new Map<UserId, Seq>();
  readonly id: string;
  /** Of the first member: their own settings, and n when the chat was hidden. */
  mine: Mine = { level: "default", mutedUntil: 0, hidden: false, starred: false, unreadFrom: 0 };
  readonly #me: UserId;

  constructor(id: string, members: readonly UserId[]) {
    this.id = id;
    this.#me = members[0]!;
    this.append({ event: "joined", by: members[0]!, users: members, role: "member" });
  }

  get head(): Seq {
    return this.events.length;
  }

  /** Appends a random event that the server's rules allow. */
  append(draft: Draft): Event {
    const seq = this.head + 1;
    const n = (this.events.at(-1)?.n ?? 0) + Number(draft.event === "posted");
    const e = { ...draft, chatId: this.id, seq, n, at: 1000 + seq };
    if (e.event === "renamed") {
      const before = this.events.findLast((x) => x.event === "renamed") ?? { title: "", topic: "", picture: "", groupMentions: "everyone" };
      e.changed ??= (["title", "topic", "picture", "groupMentions"] as const).filter((f) => e[f] !== undefined && e[f] !== (before[f] ?? ""));
    }
    this.events.push(e);
    if (e.event === "posted") {
      this.readUpTo.set(e.by, seq);
      this.mine = { ...this.mine, hidden: false, ...(e.by === this.#me && { unreadFrom: 0 }) };
    }
    if (e.event === "joined") for (const u of e.users) this.readUpTo.set(u, seq);
    return e;
  }

  /** Moves the first member's pointer, and ends their mark. */
  read(seq: Seq): void {
    this.readUpTo.set(this.#me, Math.max(seq, this.readUpTo.get(this.#me)!));
    if (seq >= this.mine.unreadFrom) this.mine = { ...this.mine, unreadFrom: 0 };
  }

  /** Returns the events after a number as a resume replays them: with the current texts and names. */
  replay(after: Seq): Event[] {
    const now = new Map(this.messages("", this.head).map((m) => [m.seq, m]));
    const renamed = this.events.filter((e) => e.event === "renamed");
    return this.events.slice(after).map((e) => {
      if (e.event === "renamed" && e !== renamed.at(-1)) {
        const { title, topic, picture, ...rest } = e;
        const is = (field: string) => e.changed?.includes(field) && !renamed.some((r) => r.seq > e.seq && r.changed?.includes(field));
        return { ...rest, ...(is("title") && { title }), ...(is("topic") && { topic }), ...(is("picture") && { picture }) };
      }
      if (e.event === "posted") {
        const { reactions: _, pinned: __, ...m } = now.get(e.seq)!;
        return { event: "posted", n: e.n, ...m };
      }
      if (e.event !== "edited") return e;
      const { text, mentions, mentionsAll, deletedAt } = now.get(e.target)!;
      const { text: _, mentions: __, mentionsAll: ___, ...rest } = e;
      return deletedAt ? rest : { ...rest, text, ...(mentions && { mentions }), ...(mentionsAll && { mentionsAll }) };
    });
  }

  messages(me: UserId, upTo: Seq): Message[] {
    const all = new Map<Seq, Message>();
    for (const e of this.events.slice(0, upTo)) {
      if (e.event === "posted") {
        const { event: _, n: __, clientId = "", text = "", ...rest } = e;
        all.set(e.seq, { ...rest, clientId, text });
      } else if (e.event === "edited") {
        const m = all.get(e.target)!;
        m.text = e.text!;
        m.editedAt = e.at;
        delete m.mentions;
        delete m.mentionsAll;
        if (e.mentions) m.mentions = e.mentions;
        if (e.mentionsAll) m.mentionsAll = e.mentionsAll;
      } else if (e.event === "deleted") {
        const m = all.get(e.target)!;
        m.text = "";
        m.deletedAt = e.at;
        delete m.mentions;
        delete m.mentionsAll;
        delete m.reactions;
        delete m.pinned;
      } else if (e.event === "pinned") {
        const m = all.get(e.target)!;
        delete m.pinned;
        if (e.on) m.pinned = true;
      } else if (e.event === "reacted") {
        const m = all.get(e.target)!;
        const by = new Map((m.reactions ?? []).map((r) => [r.emoji, [...r.by]]));
        const names = (by.get(e.emoji!) ?? []).filter((u) => u !== e.by);
        by.set(e.emoji!, e.on ? [...names, e.by] : names);
        delete m.reactions;
        const left = [...by].filter(([, u]) => u.length).map(([emoji, u]) => ({ emoji, count: u.length, mine: u.includes(me), by: u }));
        if (left.length) m.reactions = left;
      }
    }
    for (const m of all.values()) if (m.reply) m.reply = { ...m.reply, text: all.get(m.reply.seq)!.text };
    return [...all.values()];
  }

  /** Returns a page whose head was read before its rows. */
  page(me: UserId, w: HistoryWindow, head = this.head): Page {
    const all = this.messages(me, this.head);
    const limit = w.limit ?? 50;
    let from = 0, to = all.length;
    const below = (seq: Seq) => all.filter((m) => m.seq < seq).length;
    if (w.before !== undefined) to = below(w.before);
    if (w.after !== undefined) from = below(w.after + 1);
    if (w.around !== undefined) from = Math.max(0, below(w.around) - Math.floor(limit / 2));
    if (w.after !== undefined || w.around !== undefined) to = Math.min(to, from + limit);
    else from = Math.max(from, to - limit);
    return { messages: all.slice(from, to), users: [], head, moreBefore: from > 0, moreAfter: to < all.length };
  }

  /** Returns the pinned messages, the one pinned last first. */
  pins(me: UserId): Message[] {
    const order = new Map<Seq, number>();
    for (const e of this.events) if (e.event === "pinned") order.set(e.target, e.seq);
    return this.messages(me, this.head).filter((m) => m.pinned).sort((a, b) => order.get(b.seq)! - order.get(a.seq)!);
  }

  /** Returns a page of a thread whose head was read before its rows. */
  thread(me: UserId, root: Seq, after: Seq, limit: number, head = this.head): ThreadPage {
    const all = this.messages(me, this.head).filter((m) => (m.seq === root || m.root === root) && m.seq > after);
    return { messages: all.slice(0, limit), users: [], head, moreAfter: all.length > limit };
  }

  members(): Map<UserId, Role> {
    const all = new Map<UserId, Role>();
    for (const e of this.events) {
      if (e.event === "joined" || e.event === "role") for (const u of e.users) all.set(u, e.role);
      if (e.event === "left") for (const u of e.users) all.delete(u);
    }
    return all;
  }

  entry(me: UserId): Entry {
    const all = this.messages(me, this.head);
    const readUpTo = this.readUpTo.get(me)!;
    const from = this.mine.unreadFrom ? Math.min(this.mine.unreadFrom, readUpTo + 1) : readUpTo + 1;
    const unread = all.filter((m) => m.seq >= from && !m.deletedAt);
    const named = this.events.findLast((e) => e.event === "renamed");
    const last = all.at(-1);
    return {
      id: this.id, kind: "group", open: false, title: named?.title ?? "", topic: named?.topic ?? "", ...(named?.picture && { picture: named.picture }), head: this.head, memberCount: this.members().size,
      activity: this.events.at(-1)!.at, lastAt: this.events.findLast((e) => e.event === "posted")?.at ?? 0, role: this.members().get(me)!, readUpTo, unread: unread.length,
      mentions: unread.filter((m) => m.mentions?.includes(me) || m.mentionsAll === "all").length, mine: this.mine, ...(last && { last }),
    };
  }
}
