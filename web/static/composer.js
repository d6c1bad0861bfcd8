// Where one writes. Each chat keeps its own draft while the page lives.

import { el } from "./dom.js";

/** @typedef {{text: string, reply?: {seq: number, by: string, text: string}}} Draft */

export class Composer {
  /** @type {Map<string, Draft>} */ #drafts = new Map();
  #chatId = "";

  /**
   * @param {import("./model.js").Model} model
   * @param {(chatId: string, text: string, reply?: Draft["reply"]) => void} send
   */
  constructor(model, send) {
    this.model = model;
    this.send = send;
    this.area = el("textarea", { rows: 1, "aria-label": "Message", placeholder: "Write a message" });
    this.replying = el("div", { class: "replying", hidden: true });
    this.node = el("form", { class: "composer" }, this.replying, this.area, el("button", { type: "submit", class: "primary" }, "Send"));
    this.area.addEventListener("input", () => this.#fit());
    new ResizeObserver(() => this.#fit()).observe(this.area); // its width changed, or it came into the document
    this.area.addEventListener("keydown", (/** @type {KeyboardEvent} */ e) => {
      if (e.key === "Escape") this.reply(undefined);
      if (e.key === "Enter" && !e.shiftKey && !e.isComposing) {
        e.preventDefault();
        this.node.requestSubmit();
      }
    });
    this.node.addEventListener("submit", (/** @type {Event} */ e) => {
      e.preventDefault();
      const { text, reply } = this.#draft();
      if (!text.trim()) return;
      this.#drafts.delete(this.#chatId);
      this.#show();
      this.send(this.#chatId, text, reply);
    });
  }

  /** @param {string} chatId */
  open(chatId) {
    this.#draft();
    this.#chatId = chatId;
    this.#show();
    // On a touch screen this would raise the keyboard over what one came to read.
    if (!matchMedia("(pointer: coarse)").matches) this.area.focus();
  }

  /** @param {Draft["reply"] | undefined} reply */
  reply(reply) {
    const draft = this.#draft();
    draft.reply = reply;
    this.#show();
    this.area.focus();
  }

  /** A text to change, in place of what is written now. @param {Draft} draft */
  fill(draft) {
    this.#drafts.set(this.#chatId, { ...draft });
    this.#show();
    this.area.focus();
  }

  /** @returns {Draft} with what is in the area now */
  #draft() {
    const draft = this.#drafts.get(this.#chatId) ?? { text: "" };
    draft.text = this.area.value;
    this.#drafts.set(this.#chatId, draft);
    return draft;
  }

  #show() {
    const { text, reply } = this.#drafts.get(this.#chatId) ?? { text: "", reply: undefined };
    this.area.value = text;
    this.#fit();
    this.replying.hidden = !reply;
    this.replying.replaceChildren();
    if (reply) {
      this.replying.append(el("span", {}, "Reply to ", el("b", {}, this.model.user(reply.by).name), " ", reply.text),
        el("button", { type: "button", "aria-label": "Do not reply", onclick: () => this.reply(undefined) }, "×"));
    }
  }

  /** As high as its text, within what the style allows. */
  #fit() {
    this.area.style.height = "auto";
    if (!this.area.isConnected) return; // it has no size yet
    this.area.style.height = `${this.area.scrollHeight + 2}px`;
  }
}
