// The state under random events, signals, pages and reconnects equals a fresh snapshot.
import { expect, test } from "vitest";
import type { PageRequest } from "./chatModel.ts";
import type { LoadedMessage } from "./message.ts";
import { type Action, emptyState, reduce, resumeSeqs, resumeTimes, type State } from "./state.ts";
import { helloOf, me, people } from "./testkit/chat.ts";
import { Log } from "./testkit/log.ts";
import { Random } from "./testkit/random.ts";
import type { Entry, Event, Message, Page, HistoryWindow } from "./wire.ts";

/** Appends a random event of a member. */
function happen(log: Log, r: Random): Event {
  const by = r.of(people);
  const alive = log.messages(me, log.head).filter((m) => !m.deletedAt);
  const mentions = () => ({ ...(r.chance(0.3) && { mentions: [me] }), ...(r.chance(0.2) && { mentionsAll: r.of(["all", "here"] as const) }) });
  if (alive.length === 0 || r.chance(0.5)) {
    const quoted = alive.length && r.chance(0.3) ? r.of(alive) : undefined;
    return log.append({ event: "posted", by, clientId: `k${log.head}`, text: `t${log.head}`, ...mentions(), ...(quoted && { root: quoted.root ?? quoted.seq, reply: { seq: quoted.seq, by: quoted.by, text: quoted.text } }) });
  }
  const target = r.of(alive).seq;
  switch (r.below(7)) {
    case 0:
      return log.append({ event: "edited", by, target, text: `edit${log.head}`, ...mentions() });
    case 1:
      return log.append({ event: "deleted", by, target });
    case 2:
      return log.append({ event: "renamed", by, title: `T${log.head}`, topic: "", picture: r.of(["", "p1", "p2"]) });
    case 3:
      return log.append(log.members().has("carl") ? { event: "left", by, users: ["carl"] } : { event: "joined", by, users: ["carl"], role: "member" });
    case 4:
      return log.append({ event: "pinned", by, target, on: !log.messages(me, log.head).find((m) => m.seq === target)!.pinned });
    case 5:
      return log.append({ event: "role", by, users: [r.of(people)], role: r.of(["admin", "member"] as const) });
  }
  const emoji = r.of(["+", "-"]);
  const on = !log.messages(by, log.head).find((m) => m.seq === target)!.reactions?.find((x) => x.emoji === emoji)?.by.includes(by);
  return log.append({ event: "reacted", by, target, emoji, on });
}

/** Simulates the server between a client and a log, with all possible failures of the connection. */
class Play {
  state: State = emptyState;
  pipe: Action[] = []; // from the server, in order
  signals: Action[] = []; // the user's own, in order; they and events are not ordered
  late: (() => Action)[] = []; // HTTP responses in any order, each created when the server reads
  readonly log: Log;
  readonly r: Random;

  constructor(seed: number) {
    this.r = new Random(seed);
    this.log = new Log("c", people);
    for (let i = this.r.below(6); i > 0; i--) happen(this.log, this.r);
    this.do(helloOf(this.log));
  }

  do(a: Action) {
    this.state = reduce(this.state, a);
  }

  get chat() {
    return this.state.chats.get("c")!;
  }

  step() {
    const { log, r } = this;
    switch (r.below(11)) {
      case 0: case 1: case 2:
        this.pipe.push({ type: "event", event: happen(log, r) });
        return;
      case 3: case 4:
        return this.arrive();
      case 5: {
        const past = r.of(log.events);
        if (past.seq <= this.chat.seen) this.do({ type: "event", event: past });
        return;
      }
      case 6:
        return this.request();
      case 7:
        if (this.late.length) this.do(this.late.splice(r.below(this.late.length), 1)[0]!());
        return;
      case 8: {
        const seq = r.below(log.head) + 1; // on this device or another
        if (seq <= log.readUpTo.get(me)! && !(log.mine.unreadFrom && seq >= log.mine.unreadFrom)) return;
        log.read(seq);
        this.signals.push({ type: "signal", signal: { signal: "read", chatId: "c", by: me, seq }, at: 0 });
        return;
      }
      case 9:
        if (r.chance(0.3)) this.reconnect();
        else if (r.chance(0.2)) this.do({ type: "trim", chatId: "c", from: r.below(log.head) + 1, to: log.head });
        return;
      case 10: {
        const change = r.of([{ unreadFrom: r.below(log.head + 1) }, { hidden: r.chance(0.5) }, { starred: r.chance(0.5) }]);
        log.mine = { ...log.mine, ...change };
        if (r.chance(0.5)) this.do({ type: "mine", chatId: "c", change }); // on this device, before the signal
        this.signals.push({ type: "signal", signal: { signal: "mine", chatId: "c", mine: log.mine }, at: 0 });
      }
    }
  }

  arrive() {
    const next = (this.signals.length && (!this.pipe.length || this.r.chance(0.5)) ? this.signals : this.pipe).shift();
    if (next) this.do(next);
  }

  request() {
    const { log, r } = this;
    if (r.chance(0.2)) {
      const request: PageRequest = {};
      this.do({ type: "requestStarted", chatId: "c", request });
      const members = [...log.members()].map(([userId, role]) => ({ userId, role, readUpTo: log.readUpTo.get(userId)! }));
      this.late.push(() => ({ type: "members", chatId: "c", request, members, users: [] }));
      return;
    }
    if (r.chance(0.1)) {
      const request: PageRequest = {};
      this.do({ type: "requestStarted", chatId: "c", request });
      const messages = log.pins(me);
      this.late.push(() => ({ type: "pins", chatId: "c", request, messages, users: [] }));
      return;
    }
    if (log.messages(me, log.head).length && r.chance(0.2)) {
      const request: PageRequest = {}, { thread } = this.chat;
      const root = thread && r.chance(0.7) ? thread.root : r.of(log.messages(me, log.head)).seq;
      this.do({ type: "requestStarted", chatId: "c", request });
      const head = log.head;
      if (r.chance(0.3)) this.pipe.push({ type: "event", event: happen(log, r) }); // between the head and the rows
      const after = thread?.root === root ? (thread.messages.at(-1)?.seq ?? 0) : 0;
      const page = log.thread(me, root, after, 1 + r.below(4), head);
      this.late.push(() => ({ type: "thread", chatId: "c", request, root, after, page }));
      return;
    }
    if (this.chat.stale || r.chance(0.2)) {
      const entry: Entry = log.entry(me), asked = this.chat.mine;
      this.late.push(() => ({ type: "entry", entry, users: [], asked }));
      return;
    }
    const at = r.below(log.head + 2);
    const window: HistoryWindow = { limit: 1 + r.below(5), ...r.of([{}, { before: at + 1 }, { after: at }, { around: at + 1 }]) };
    const request: PageRequest = { window };
    this.do({ type: "requestStarted", chatId: "c", request });
    const head = log.head;
    if (r.chance(0.3)) this.pipe.push({ type: "event", event: happen(log, r) }); // between the head and the rows
    const page: Page = log.page(me, window, head);
    this.late.push(() => (r.chance(0.1) ? { type: "requestEnded", chatId: "c", request } : { type: "page", chatId: "c", request, page }));
  }

  /** The connection breaks and loses what was under way. */
  reconnect() {
    const { log, r } = this;
    this.pipe = [];
    this.signals = [];
    for (let i = r.below(4); i > 0; i--) happen(log, r);
    const resumed = resumeSeqs(this.state);
    if (resumed.c) expect([this.log.events[resumed.c - 1]!.at, undefined]).toContain(resumeTimes(this.state).c);
    const hello = { ...helloOf(log), resumed };
    const head = log.head;
    for (let i = r.below(3); i > 0; i--) happen(log, r); // until the server handles the resume
    const from = resumed.c;
    this.do(hello);
    if (from !== undefined && log.head - from > 6) this.pipe.push({ type: "signal", signal: { signal: "reset", chatId: "c", head: log.head, epoch: "e" }, at: 0 });
    else for (const event of log.replay(from ?? head)) this.pipe.push({ type: "event", event });
  }

  settle() {
    while (this.pipe.length + this.signals.length) this.arrive();
    for (const answer of this.late) this.do(answer());
    if (this.chat.stale) this.do({ type: "entry", entry: this.log.entry(me), users: [] });
  }
}

/** Removes local fields. */
const plain = (held: LoadedMessage | Message) => {
  const { asOf: _, unsure: __, ...m } = held as LoadedMessage;
  return m;
};
const inEntry = ["kind", "title", "topic", "picture", "head", "memberCount", "activity", "lastAt", "role", "readUpTo", "unread", "mentions", "mine"] as const;

test("a snapshot plus events, in any possible order, equals a fresh snapshot", () => {
  for (let seed = 1; seed <= 2000; seed++) {
    const play = new Play(seed);
    for (let i = 0; i < 60; i++) play.step();
    play.settle();
    const { chat, log } = play;
    const fresh = log.entry(me);
    const say = `schedule ${seed}`;
    expect(Object.fromEntries(inEntry.map((k) => [k, chat[k]])), say).toEqual(Object.fromEntries(inEntry.map((k) => [k, fresh[k]])));
    expect([chat.seen, chat.countedUpTo, chat.gap, chat.stale, chat.requests.size, chat.eventsSince.length], say).toEqual([log.head, log.head, false, false, 0, 0]);
    expect(chat.seenAt, say).toBe(log.events.at(-1)!.at);
    if (chat.last) expect(plain(chat.last), say).toEqual(plain(fresh.last!));
    if (chat.members) for (const [id, role] of chat.members) expect(role, say).toBe(log.members().get(id));
    if (chat.pins) {
      const pins = [...chat.pins].reverse();
      expect(pins.map(([seq]) => seq), say).toEqual(log.pins(me).map((m) => m.seq));
      for (const [seq, m] of pins) if (m) expect(plain(m), say).toEqual(plain(log.messages(me, log.head).find((x) => x.seq === seq)!));
    }
    if (chat.thread) {
      const { root, messages, more } = chat.thread, last = messages.at(-1)?.seq ?? 0;
      const all = log.thread(me, root, 0, Infinity).messages.filter((m) => !more || m.seq <= last);
      expect(messages.map(plain), say).toEqual(all.map(plain));
    }
    let end = -1;
    for (const s of chat.timeline ?? []) {
      expect(s.from, say).toBeGreaterThan(end + 1);
      end = s.to;
      expect(s.messages.map(plain), say).toEqual(log.messages(me, log.head).filter((m) => m.seq >= s.from && m.seq <= s.to).map(plain));
    }
  }
}, 60_000);
