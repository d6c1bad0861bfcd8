// The open chat: its messages as they stand, where one reads, and what one does.

import { call, newId } from "./api.js";
import { Composer } from "./composer.js";
import { el } from "./dom.js";
import { dayOf, divider, messageRow, pendingRow } from "./rows.js";

/** @typedef {import("./model.js").Message} Message */

const near = 400; // px from an end at which more is loaded
const together = 5 * 60 * 1000; // ms within which messages of one author stand under one name

export class Talk {
  /** @type {import("./model.js").Chat | null} */ chat = null;
  /** Rows by key, with what they were made from. @type {Map<string, {node: HTMLElement, from: any[]}>} */ #rows = new Map();
  /** Where to scroll once there is something to see: to a message, or to the first new one. @type {number | "new" | null} */ #goal = null;
  #stick = true; // at the end, and to stay there
  #newAfter = 0; // the read pointer when the chat was opened; 0: nothing was new
  #mode = { seq: 0, mode: "" };
  #failed = false;
  #reading = false;
  #noting = 0;

  /**
   * @param {import("./model.js").Model} model
   * @param {import("./outbox.js").Outbox} outbox
   * @param {(cmd: Record<string, any>) => Promise<any>} command
   * @param {{back: () => void, members: () => void, invite: () => void}} actions
   */
  constructor(model, outbox, command, actions) {
    this.model = model;
    this.outbox = outbox;
    this.command = command;
    this.title = el("h2");
    this.inviting = el("button", { type: "button", onclick: actions.invite }, "Invite");
    this.list = el("ol");
    this.scroller = el("div", { class: "scroller", role: "log", "aria-label": "Messages", tabIndex: 0 }, this.list);
    this.latest = el("button", { type: "button", class: "latest", hidden: true, onclick: () => this.toEnd() }, "Latest ↓");
    this.status = el("p", { class: "status", role: "alert" });
    this.composer = new Composer(model, (id, text, reply) => {
      this.toEnd();
      outbox.add(id, text, reply);
    });
    this.node = el("main", { class: "talk" },
      el("header", {}, el("button", { type: "button", class: "back", "aria-label": "Back to the chats", onclick: actions.back }, "‹"),
        this.title, el("button", { type: "button", onclick: actions.members }, "Members"), this.inviting),
      this.scroller, this.latest, this.status, this.composer.node);
    this.scroller.addEventListener("scroll", () => this.#scrolled(), { passive: true });
    new ResizeObserver(() => this.#stick && this.#bottom()).observe(this.scroller);
    addEventListener("focus", () => this.#read());
    document.addEventListener("visibilitychange", () => this.#read());
  }

  /** @param {import("./model.js").Chat | null} chat @param {number} [at] the message that was at the top before a reload */
  open(chat, at) {
    this.#read(true);
    if (this.chat) this.model.trim(this.chat, 100);
    this.chat = chat;
    this.#rows.clear();
    this.list.replaceChildren();
    this.#mode = { seq: 0, mode: "" };
    this.#failed = false;
    this.status.textContent = "";
    if (!chat) return;
    this.#newAfter = chat.unread ? chat.readUpTo : 0;
    this.#goal = at || (chat.unread ? "new" : null);
    this.#stick = !this.#goal;
    this.composer.open(chat.id);
    if (!chat.loaded) this.#load("all", at || (chat.unread > 30 ? chat.readUpTo : 0));
  }

  /** A new connection: what failed before may work now. */
  retry() {
    if (this.#failed) this.status.replaceChildren();
    this.#failed = false;
  }

  render() {
    const c = this.chat;
    if (!c) return;
    this.title.textContent = this.model.title(c);
    this.inviting.hidden = c.kind === "direct";
    if (!c.loaded) {
      if (!this.#failed) this.#load("all");
      return;
    }
    if (this.#stick && c.messages.length > 400) this.model.trim(c, 200);
    const anchor = this.#stick ? null : this.#firstVisible();
    this.#place(c);
    if (this.#goal !== null) this.#toGoal();
    else if (this.#stick) this.#bottom();
    else if (anchor) {
      const row = this.#rows.get(anchor.key)?.node;
      if (row) this.scroller.scrollTop += row.getBoundingClientRect().top - anchor.top;
    }
    this.#scrolled();
  }

  /** @param {import("./model.js").Chat} c */
  #place(c) {
    /** @type {HTMLElement[]} */ const nodes = [];
    const keys = new Set();
    const put = (/** @type {string} */ key, /** @type {any[]} */ from, /** @type {() => HTMLElement} */ make) => {
      const had = this.#rows.get(key);
      const same = had && had.from.length === from.length && had.from.every((x, i) => x === from[i]);
      const node = same ? had.node : make();
      if (!same) {
        const focus = had?.node.contains(document.activeElement) ? document.activeElement?.getAttribute("data-key") : null;
        if (had && had.node.parentNode === this.list) had.node.replaceWith(node);
        if (focus) /** @type {HTMLElement | undefined} */ ([...node.querySelectorAll("[data-key]")].find((b) => b.getAttribute("data-key") === focus))?.focus();
        this.#rows.set(key, { node, from });
      }
      keys.add(key);
      nodes.push(node);
    };
    if (!c.moreBefore) put("start", [], () => el("li", { class: "start" }, "This is where the chat begins."));
    let before = /** @type {Message | null} */ (null);
    let marked = false;
    for (const m of c.messages) {
      const newDay = !before || dayOf(before.at) !== dayOf(m.at);
      if (newDay) put(`day-${m.seq}`, [dayOf(m.at)], () => divider(dayOf(m.at), "day"));
      const newHere = !marked && this.#newAfter > 0 && m.seq > this.#newAfter && m.by !== this.model.me.id;
      if (newHere) {
        marked = true;
        put("new", [], () => divider("New", "new"));
      }
      const first = newDay || newHere || before?.by !== m.by || m.at - before.at > together || !!m.reply;
      const mode = this.#mode.seq === m.seq ? /** @type {any} */ (this.#mode.mode) : "";
      // What is being edited is not made anew under the writer's hands.
      const from = mode === "editing" && !m.deletedAt ? [mode] : [m, first, mode, this.model.names];
      put(String(m.seq), from, () => messageRow(m, { model: this.model, admin: c.role === "admin" && c.kind === "group", first, mode: m.deletedAt ? "" : mode, act: this.act }));
      before = m;
    }
    if (!c.moreAfter) {
      for (const p of this.outbox.entries.filter((e) => e.chatId === c.id)) {
        put(p.clientId, [p.acked, p.failed], () => pendingRow(p, this.model, {
          again: () => (this.outbox.discard(p), this.composer.fill({ text: p.text, reply: p.reply })),
          discard: () => this.outbox.discard(p),
        }));
      }
    }
    for (const [key, row] of this.#rows) {
      if (keys.has(key)) continue;
      row.node.remove();
      this.#rows.delete(key);
    }
    nodes.forEach((node, i) => {
      if (this.list.children[i] !== node) this.list.insertBefore(node, this.list.children[i] ?? null);
    });
  }

  /** @param {"all" | "before" | "after"} how @param {number} [around] */
  async #load(how, around) {
    const c = this.chat;
    if (!c || c.during) return;
    const during = this.model.loading(c);
    const from = how === "before" ? `&before=${c.messages[0]?.seq}` : how === "after" ? `&after=${c.messages.at(-1)?.seq}` : around ? `&around=${around}` : "";
    this.scroller.setAttribute("aria-busy", "true"); // older messages are not news to be read out
    try {
      const page = await call("GET", `/chats/${c.id}/messages?limit=50${from}`);
      if (c.during === during) this.model.loadedPage(c, page, how);
    } catch (err) {
      if (c.during === during) c.during = null;
      if (c !== this.chat) return;
      this.#failed = true;
      this.status.replaceChildren(`${/** @type {Error} */ (err).message} `,
        el("button", { type: "button", class: "link", onclick: () => (this.retry(), this.#load(how, around)) }, "Load again"));
    } finally {
      this.scroller.removeAttribute("aria-busy");
    }
  }

  /** To the newest message, from wherever. */
  toEnd() {
    const c = this.chat;
    if (!c) return;
    this.#stick = true;
    this.#goal = null;
    if (c.moreAfter && !c.during) this.#load("all");
    else this.#bottom();
  }

  #bottom() {
    this.scroller.scrollTop = this.scroller.scrollHeight;
  }

  #toGoal() {
    const key = this.#goal === "new" ? "new" : String(this.#goal);
    const row = this.#rows.get(key)?.node;
    const place = this.#goal === "new" ? this.scroller.clientHeight / 4 : 8;
    this.#goal = null;
    if (!row) return this.#bottom();
    this.scroller.scrollTop += row.getBoundingClientRect().top - this.scroller.getBoundingClientRect().top - place;
  }

  #firstVisible() {
    const top = this.scroller.getBoundingClientRect().top;
    for (const node of /** @type {NodeListOf<HTMLElement>} */ (this.list.querySelectorAll("[data-seq]"))) {
      const box = node.getBoundingClientRect();
      if (box.bottom > top + 1) return { key: node.dataset.seq ?? "", top: box.top };
    }
    return null;
  }

  #scrolled() {
    const c = this.chat;
    if (!c?.loaded) return;
    const s = this.scroller;
    const below = s.scrollHeight - s.scrollTop - s.clientHeight;
    this.#stick = below < 40 && !c.moreAfter;
    this.latest.hidden = this.#stick;
    if (!this.#failed && s.scrollTop < near && c.moreBefore) this.#load("before");
    else if (!this.#failed && below < near && c.moreAfter) this.#load("after");
    clearTimeout(this.#noting); // a reload comes back to here
    this.#noting = setTimeout(() => {
      if (c === this.chat) history.replaceState(this.#stick ? null : { at: Number(this.#firstVisible()?.key) }, "");
    }, 200);
    this.#read();
  }

  /** Moves the read pointer while somebody looks at the end, at most once a second, and when they turn away. */
  async #read(leaving = false) {
    const c = this.chat;
    if (!c?.loaded || !c.unread || !this.#stick || (this.#reading && !leaving) || !document.hasFocus() || document.hidden) return;
    this.#reading = true;
    const seq = c.seen;
    try {
      await this.command({ do: "read", chatId: c.id, seq });
      this.model.read(c, seq);
    } catch {
      // It is moved at the next look.
    } finally {
      setTimeout(() => {
        this.#reading = false;
        this.#read();
      }, 1000);
    }
  }

  /** @param {Record<string, any>} cmd */
  async #do(cmd) {
    this.status.replaceChildren();
    try {
      await this.command({ chatId: this.chat?.id, clientId: newId(), ...cmd });
      return true;
    } catch (err) {
      this.status.textContent = /** @type {Error} */ (err).message;
      return false;
    }
  }

  act = {
    mode: (/** @type {number} */ seq, /** @type {string} */ mode) => {
      this.#mode = { seq, mode };
      this.render();
      const row = this.#rows.get(String(seq))?.node;
      if (mode === "") /** @type {HTMLElement | undefined} */ (row?.querySelector(".more"))?.focus();
      else /** @type {HTMLElement | undefined} */ (row?.querySelector(".actions button, textarea"))?.focus();
      if (mode !== "") row?.scrollIntoView({ block: "nearest" });
    },
    reply: (/** @type {Message} */ m) => {
      this.act.mode(m.seq, "");
      this.composer.reply({ seq: m.seq, by: m.by, text: m.text.slice(0, 200) });
    },
    jump: (/** @type {number} */ seq) => {
      const c = this.chat;
      if (!c) return;
      this.#stick = false;
      this.#goal = seq;
      if (c.messages.some((m) => m.seq === seq)) this.render();
      else this.#load("all", seq);
    },
    react: async (/** @type {Message} */ m, /** @type {string} */ emoji, /** @type {boolean} */ on) => {
      if (await this.#do({ do: "react", target: m.seq, emoji, on })) this.act.mode(m.seq, "");
    },
    edit: async (/** @type {Message} */ m, /** @type {string} */ text) => {
      if (await this.#do({ do: "edit", target: m.seq, text })) this.act.mode(m.seq, "");
    },
    remove: async (/** @type {Message} */ m) => {
      if (await this.#do({ do: "delete", target: m.seq })) this.act.mode(m.seq, "");
    },
  };
}
