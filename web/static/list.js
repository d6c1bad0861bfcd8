// The list of chats, newest activity first, and what one can do beside it.

import { avatar, el } from "./dom.js";

export class List {
  /**
   * @param {import("./model.js").Model} model
   * @param {{open: (id: string) => void, create: () => void, browse: () => void, signOut: () => void}} actions
   */
  constructor(model, actions) {
    this.model = model;
    this.actions = actions;
    this.chats = el("ul", { class: "chats" });
    this.me = el("span", { class: "me" });
    this.node = el("nav", { class: "list", "aria-label": "Chats" },
      el("header", {}, el("h1", {}, "Chats"),
        el("button", { type: "button", onclick: actions.create }, "New"),
        el("button", { type: "button", onclick: actions.browse }, "Browse")),
      this.chats,
      el("footer", {}, this.me, el("button", { type: "button", class: "link", onclick: actions.signOut }, "Sign out")));
  }

  /** @param {string} openId */
  render(openId) {
    const { model } = this;
    const held = /** @type {HTMLElement | null} */ (document.activeElement)?.closest?.(".chats a")?.getAttribute("href");
    const sorted = [...model.chats.values()].sort((a, b) => b.activity - a.activity);
    this.chats.replaceChildren(...sorted.map((c) => this.#row(c, c.id === openId)));
    if (!sorted.length) this.chats.append(el("li", { class: "empty" }, "No chats yet. Make one, or browse the open ones."));
    // Rows are made anew; whoever walks through them by keyboard stays where they are.
    if (held) /** @type {HTMLElement | null} */ (this.chats.querySelector(`a[href="${held}"]`))?.focus();
    this.me.textContent = model.me.name;
    this.me.title = `@${model.me.handle}`;
  }

  /** @param {import("./model.js").Chat} c @param {boolean} open */
  #row(c, open) {
    const title = this.model.title(c);
    const last = c.last && (c.last.deletedAt ? "Message deleted" : `${c.last.by === this.model.me.id ? "You" : this.model.user(c.last.by).name}: ${c.last.text}`);
    return el("li", {}, el("a", {
      href: `/c/${c.id}`, "aria-current": open ? "page" : undefined, class: c.unread ? "unread" : "",
      onclick: (/** @type {MouseEvent} */ e) => {
        if (e.metaKey || e.ctrlKey || e.shiftKey) return;
        e.preventDefault();
        this.actions.open(c.id);
      },
    },
    avatar({ id: c.id, name: title }),
    el("span", { class: "title" }, title),
    c.unread > 0 && el("span", { class: c.mentions ? "count mention" : "count", "aria-label": `${c.unread} unread${c.mentions ? ", you are mentioned" : ""}` }, c.mentions ? `@${c.unread}` : c.unread),
    el("span", { class: "last" }, last || (c.open ? "Open chat" : ""))));
  }
}
