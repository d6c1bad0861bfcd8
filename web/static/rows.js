// One message in the document, and the days between them.

import { avatar, el } from "./dom.js";

/** The reactions that are offered; others that people made elsewhere are shown. */
const offered = ["👍", "❤️", "😂", "🎉", "😮", "🙏"];

const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
const day = new Intl.DateTimeFormat(undefined, { weekday: "long", day: "numeric", month: "long", year: "numeric" });
const exact = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "medium" });

/** @param {number} at */
export const dayOf = (at) => day.format(at);

/** @param {string} label @param {string} kind "day" or "new" */
export const divider = (label, kind) => el("li", { class: `divider ${kind}` }, el("span", {}, label));

/**
 * @typedef {import("./model.js").Message} Message
 * @typedef {{
 *   model: import("./model.js").Model, admin: boolean, first: boolean,
 *   mode: "" | "actions" | "deleting" | "editing",
 *   act: {mode: (seq: number, mode: string) => void, reply: (m: Message) => void, jump: (seq: number) => void,
 *     react: (m: Message, emoji: string, on: boolean) => void, edit: (m: Message, text: string) => void, remove: (m: Message) => void}
 * }} View first: it shows its author; admin: may delete others' messages
 */

/** @param {Message} m @param {View} v */
export function messageRow(m, v) {
  const author = v.model.user(m.by);
  const mine = m.by === v.model.me.id;
  return el("li", { class: `message${v.first ? " first" : ""}${mine ? " mine" : ""}${m.mentions?.includes(v.model.me.id) ? " named" : ""}`, "data-seq": m.seq },
    v.first && avatar(author),
    v.first && el("div", { class: "who" }, el("b", {}, author.name), time(m.at)),
    m.reply && quote(m.reply, v),
    v.mode === "editing" ? editor(m, v)
      : m.deletedAt ? el("p", { class: "text gone" }, "Message deleted")
      : el("p", { class: "text" }, m.text, m.editedAt ? el("small", { title: exact.format(m.editedAt) }, " (edited)") : ""),
    m.reactions?.length ? reactions(m, v) : "",
    !m.deletedAt && v.mode !== "editing" && more(m, author.name, v),
    (v.mode === "actions" || v.mode === "deleting") && actions(m, mine, v));
}

/**
 * A message on its way.
 * @param {import("./outbox.js").Pending} p
 * @param {import("./model.js").Model} model
 * @param {{again: () => void, discard: () => void}} act
 */
export function pendingRow(p, model, act) {
  return el("li", { class: `message first pending${p.failed ? " failed" : ""}` },
    avatar(model.me),
    el("div", { class: "who" }, el("b", {}, model.me.name), p.failed ? "" : el("small", {}, p.acked ? "" : "sending…")),
    el("p", { class: "text" }, p.text),
    p.failed && el("p", { class: "error" }, `Not sent. ${p.failed} `,
      el("button", { type: "button", class: "link", onclick: act.again }, "Change it"), " ",
      el("button", { type: "button", class: "link", onclick: act.discard }, "Discard")));
}

/** @param {number} at */
const time = (at) => el("time", { dateTime: new Date(at).toISOString(), title: exact.format(at) }, clock.format(at));

/** @param {NonNullable<Message["reply"]>} reply @param {View} v */
const quote = (reply, v) => el("button", { type: "button", class: "quote", "data-key": "quote", onclick: () => v.act.jump(reply.seq) },
  el("b", {}, v.model.user(reply.by).name), " ", reply.text || "Message deleted");

/** @param {Message} m @param {View} v */
const reactions = (m, v) => el("div", { class: "reactions" }, ...(m.reactions ?? []).map((r) => el("button", {
  type: "button", "data-key": `has-${r.emoji}`, "aria-pressed": String(r.mine), "aria-label": `${r.emoji} ${r.count}`,
  title: r.by.map((id) => v.model.user(id).name).join(", "),
  onclick: () => v.act.react(m, r.emoji, !r.mine),
}, r.emoji, " ", r.count)));

/** @param {Message} m @param {string} author @param {View} v */
const more = (m, author, v) => el("button", {
  type: "button", class: "more", "data-key": "more", "aria-label": `Actions for the message of ${author}`, "aria-expanded": String(v.mode !== ""),
  onclick: () => v.act.mode(m.seq, v.mode ? "" : "actions"),
}, "⋯");

/** @param {Message} m @param {boolean} mine @param {View} v */
function actions(m, mine, v) {
  const button = (/** @type {string} */ key, /** @type {string} */ label, /** @type {() => void} */ onclick, style = "") =>
    el("button", { type: "button", "data-key": key, class: style, onclick }, label);
  if (v.mode === "deleting") {
    return el("div", { class: "actions" }, "Delete it for everybody? ",
      button("delete", "Delete", () => v.act.remove(m), "danger"), button("keep", "Keep", () => v.act.mode(m.seq, "")));
  }
  return el("div", { class: "actions" },
    ...offered.map((emoji) => el("button", {
      type: "button", class: "emoji", "data-key": `add-${emoji}`, "aria-label": `React with ${emoji}`,
      onclick: () => v.act.react(m, emoji, !m.reactions?.find((r) => r.emoji === emoji)?.mine),
    }, emoji)),
    button("reply", "Reply", () => v.act.reply(m)),
    mine && button("edit", "Edit", () => v.act.mode(m.seq, "editing")),
    (mine || v.admin) && button("delete", "Delete", () => v.act.mode(m.seq, "deleting"), "danger"));
}

/** @param {Message} m @param {View} v */
function editor(m, v) {
  const area = el("textarea", { "aria-label": "Edit message", value: m.text, rows: Math.min(8, m.text.split("\n").length + 1), "data-key": "editor" });
  const save = () => (area.value.trim() && area.value !== m.text ? v.act.edit(m, area.value) : v.act.mode(m.seq, ""));
  area.addEventListener("keydown", (/** @type {KeyboardEvent} */ e) => {
    if (e.key === "Escape") v.act.mode(m.seq, "");
    if (e.key === "Enter" && !e.shiftKey && !e.isComposing) {
      e.preventDefault();
      save();
    }
  });
  return el("div", { class: "editor" }, area, el("div", { class: "buttons" },
    el("button", { type: "button", class: "primary", onclick: save }, "Save"),
    el("button", { type: "button", onclick: () => v.act.mode(m.seq, "") }, "Cancel")));
}
