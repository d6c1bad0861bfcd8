// What opens above the page: a new chat, the open chats, members, an invite link.

import { call, newId } from "./api.js";
import { avatar, el, field, form } from "./dom.js";

/** @param {string} title @param {...(Node|string)} rest */
function dialog(title, ...rest) {
  const d = el("dialog", { "aria-label": title },
    el("header", {}, el("h2", {}, title), el("button", { type: "button", "aria-label": "Close", onclick: () => d.close() }, "×")), ...rest);
  d.addEventListener("close", () => d.remove());
  d.addEventListener("click", (/** @type {Event} */ e) => e.target === d && d.close()); // the backdrop
  document.body.append(d);
  d.showModal();
  return d;
}

/** @param {(chat: any, users: any[]) => void} made */
export function newChat(made) {
  const clientId = newId(); // one for the dialog: pressing the button twice makes one chat
  const d = dialog("New chat", form({
    fields: [
      field("title", "Title", { required: false, autocomplete: "off", hint: "Leave it empty to write to one person directly." }),
      field("members", "Members", { required: false, autocomplete: "off", autocapitalize: "none", placeholder: "@ann @bob" }),
      field("open", "Open: anybody here may find and join it", { type: "checkbox" }),
    ],
    button: "Make chat",
    submit: async (v) => {
      const members = v.members.split(/[\s,]+/).filter(Boolean).map((/** @type {string} */ m) => (m.startsWith("@") ? m : "@" + m));
      const title = v.title.trim();
      if (!title && (members.length !== 1 || v.open)) throw Object.assign(new Error("A chat for several people needs a title."), { field: "title" });
      const body = title ? { kind: "group", title, open: v.open, members } : { kind: "direct", members };
      const { chat, users } = await call("POST", "/chats", { clientId, ...body });
      d.close();
      made(chat, users ?? []);
    },
  }));
}

/** @param {(chat: any, users: any[]) => void} chosen somebody's own or a chat just joined */
export function openChats(chosen) {
  const rows = el("ul", { class: "rows" });
  const status = el("p", { role: "alert", class: "error" });
  const d = dialog("Open chats", rows, status);
  const more = async (before = "") => {
    const page = await call("GET", `/chats?open=true${before && "&before=" + encodeURIComponent(before)}`);
    rows.append(...page.chats.map(row));
    if (!rows.children.length) rows.append(el("li", { class: "empty" }, "There are none yet."));
    if (page.next) {
      const next = el("li", {}, el("button", { type: "button", onclick: () => (next.remove(), attempt(() => more(page.next))) }, "More"));
      rows.append(next);
    }
  };
  const row = (/** @type {any} */ c) => el("li", {}, avatar({ id: c.id, name: c.title || "?" }),
    el("span", { class: "title" }, c.title || "Untitled", el("small", {}, `${c.memberCount} ${c.memberCount === 1 ? "member" : "members"}`)),
    el("button", { type: "button", "aria-label": `${c.role ? "Open" : "Join"} ${c.title}`, onclick: () => attempt(() => enter(c)) }, c.role ? "Open" : "Join"));
  const enter = async (/** @type {any} */ c) => {
    if (!c.role) await call("PUT", `/chats/${c.id}/members/me`, {});
    const { chat, users } = await call("GET", `/chats/${c.id}`);
    d.close();
    chosen(chat, users ?? []);
  };
  const attempt = (/** @type {() => Promise<void>} */ f) => f().catch((e) => (status.textContent = e.message));
  attempt(more);
}

/**
 * @param {import("./model.js").Chat} chat
 * @param {import("./model.js").Model} model
 */
export function members(chat, model) {
  const rows = el("ul", { class: "rows" });
  const status = el("p", { role: "alert", class: "error" });
  const attempt = (/** @type {() => Promise<void>} */ f) => f().catch((e) => (status.textContent = e.message));
  const more = async (after = "") => {
    const page = await call("GET", `/chats/${chat.id}/members?limit=100${after && "&after=" + encodeURIComponent(after)}`);
    model.meet(page.users);
    for (const m of page.members) {
      const u = model.user(m.userId);
      rows.append(el("li", {}, avatar(u), el("span", { class: "title" }, u.name, el("small", {}, `@${u.handle}`)), m.role === "admin" && el("small", {}, "admin")));
    }
    if (page.next) {
      const next = el("li", {}, el("button", { type: "button", onclick: () => (next.remove(), attempt(() => more(page.next))) }, "More"));
      rows.append(next);
    }
  };
  const leave = async () => {
    await call("DELETE", `/chats/${chat.id}/members/me`);
    d.close();
  };
  const d = dialog(`Members of ${model.title(chat)}`, rows, status,
    chat.kind === "direct" ? "" : el("div", { class: "buttons" }, el("button", { type: "button", class: "danger", onclick: () => attempt(leave) }, "Leave this chat")));
  attempt(more);
}

/** @param {import("./model.js").Chat} chat @param {string} title */
export function invite(chat, title) {
  const link = el("input", { readOnly: true, "aria-label": "Invite link", onfocus: () => link.select() });
  const status = el("p", { role: "status", class: "hint" }, "Making a link…");
  const copy = el("button", { type: "button", class: "primary", disabled: true, onclick: async () => {
    link.focus();
    try {
      await navigator.clipboard.writeText(link.value); // absent on plain http
      status.textContent = "Copied.";
    } catch {
      status.textContent = "The link is selected: copy it with your keyboard or by a long press.";
    }
  } }, "Copy");
  dialog(`Invite to ${title}`, el("div", { class: "copy" }, link, copy), status);
  call("POST", "/invites", { chatId: chat.id }).then((made) => {
    link.value = made.url;
    copy.disabled = false;
    status.textContent = `Whoever has this link may make an account and join. It works ${made.invite.uses} times, until ${new Date(made.invite.expiresAt).toLocaleDateString()}.`;
    link.focus();
  }, (e) => {
    status.className = "error";
    status.textContent = e.message;
  });
}
