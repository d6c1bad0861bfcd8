// Starts the page: a way in for whoever is not signed in, else the chats.

import { call } from "./api.js";
import { Connection } from "./connection.js";
import { invite, members, newChat, openChats } from "./dialogs.js";
import { el } from "./dom.js";
import { codeInAddress, door } from "./door.js";
import { List } from "./list.js";
import { Model } from "./model.js";
import { Outbox } from "./outbox.js";
import { Talk } from "./talk.js";

const app = /** @type {HTMLElement} */ (document.getElementById("app"));
addEventListener("hashchange", () => codeInAddress() && location.reload());
start(false);

/** @param {boolean} fresh whether somebody has just come in */
async function start(fresh) {
  try {
    const me = await call("GET", "/me").then((a) => a.user, (e) => {
      // Somebody with an identity has a budget of their own: past that of the
      // address, it is a stranger who holds a code.
      if (e.code === "no_identity" || (e.code === "rate_limited" && codeInAddress())) return null;
      throw e;
    });
    if (me && !codeInAddress()) return chats(me, fresh);
    await door(app, { me, note: location.pathname === "/" ? undefined : "Sign in to see this chat.", entered });
  } catch (err) {
    app.replaceChildren(el("main", { class: "door" }, el("h1", {}, "Parley"), el("p", { role: "alert" }, /** @type {Error} */ (err).message),
      el("button", { type: "button", onclick: () => start(fresh) }, "Try again")));
  }
}

/** @param {string} [chatId] */
function entered(chatId) {
  // A code has done its work, and is to be in no history.
  history.replaceState(null, "", chatId ? `/c/${chatId}` : codeInAddress() ? "/" : location.pathname);
  start(true);
}

/** @param {import("./model.js").User} me @param {boolean} fresh */
function chats(me, fresh) {
  let name = "Parley";
  let openId = "";
  let greeted = false;
  let leaving = false;
  let drawing = false;
  /** @type {Set<string>} */ const asked = new Set();
  /** @type {Set<string>} */ const catching = new Set();

  const model = new Model(draw);
  const outbox = new Outbox(me.id, (cmd) => connection.command(cmd), draw);
  const list = new List(model, { open: go, create: () => newChat(made), browse: () => openChats(made), signOut });
  /** @type {Talk} */ const talk = new Talk(model, outbox, (cmd) => connection.command(cmd), {
    back: () => go(""),
    members: () => talk.chat && members(talk.chat, model),
    invite: () => talk.chat && invite(talk.chat, model.title(talk.chat)),
  });
  const words = el("span");
  const retry = el("button", { type: "button", onclick: () => connection.now() }, "Try now");
  const banner = el("div", { class: "banner", role: "status", hidden: true }, words, retry);
  const nothing = el("main", { class: "nothing" });
  app.replaceChildren(banner, list.node, nothing);

  const connection = new Connection({
    hello(ok) {
      const past = model.hello(ok);
      // Whoever has just come in and has one chat alone wants to be there.
      if (fresh && model.chats.size === 1 && location.pathname === "/") go(/** @type {string} */ ([...model.chats.keys()][0]));
      fresh = false;
      greeted = true;
      return past;
    },
    value,
    state(state, reason) {
      banner.hidden = state === "live" || (state === "connecting" && !greeted && banner.hidden);
      words.textContent = state === "connecting" ? "Connecting…" : "Not connected. What you write is sent once the server is back.";
      retry.hidden = state !== "waiting";
      if (state === "ended" && !leaving) ended(reason);
      if (state !== "live") return;
      talk.retry();
      outbox.run();
      draw();
    },
  });
  addEventListener("popstate", route);
  call("GET", "/server").then((s) => ((name = s.name), draw()), () => {});
  route();

  /** Draws once, however much has changed. */
  function draw() {
    if (drawing) return;
    drawing = true;
    queueMicrotask(() => {
      drawing = false;
      outbox.settle((id) => model.chats.get(id)?.seen ?? Infinity);
      const chat = model.chats.get(openId) ?? null;
      app.classList.toggle("in-chat", openId !== "");
      const right = chat ? talk.node : nothing;
      if (app.lastChild !== right) app.lastChild?.replaceWith(right);
      list.render(openId);
      if (chat !== talk.chat) talk.open(chat, history.state?.at); // once it is shown: it measures
      talk.render();
      nothing.replaceChildren(!greeted ? "Connecting…" : openId ? "This chat is not here, or you are no member of it." : "Choose a chat.",
        openId && greeted ? el("button", { type: "button", onclick: () => go("") }, "To my chats") : "");
      const unread = [...model.chats.values()].reduce((n, c) => n + c.unread, 0);
      document.title = `${unread ? `(${unread}) ` : ""}${chat ? model.title(chat) + " · " : ""}${name}`;
      meetUnknown();
    });
  }

  function route() {
    openId = /^\/c\/([\w-]+)$/.exec(location.pathname)?.[1] ?? "";
    draw();
  }

  /** @param {string} id of a chat, or "" for the list */
  function go(id) {
    if (id !== openId || !id) history.pushState(null, "", id ? `/c/${id}` : "/");
    route();
  }

  /** A chat that an answer brought. The signal may have come before it. @param {any} chat @param {any[]} users */
  function made(chat, users) {
    model.meet(users);
    if (!model.chats.has(chat.id)) model.appear(chat);
    go(chat.id);
  }

  /** Events and signals. @param {any} v */
  function value(v) {
    if (v.event) {
      if (v.by === me.id && v.clientId && v.event === "posted") outbox.arrived(v.clientId, v.seq);
      if (!model.event(v)) catchUp(v.chatId);
      return;
    }
    const c = model.chats.get(v.chatId);
    switch (v.signal) {
      case "chat":
        if (v.gone) model.chats.delete(v.chatId);
        else if (v.chat) {
          model.meet(v.users ?? []);
          if (c?.seen !== v.head) model.appear({ ...v.chat, head: v.head ?? 0 });
        }
        draw();
        break;
      case "reset":
        if (v.epoch) model.epoch = v.epoch;
        if (c) model.reset(c, v.head ?? 0);
        refresh(v.chatId);
        break;
      case "read":
        if (!c || v.by !== me.id) break;
        model.read(c, v.seq);
        if (c.unread) refresh(c.id);
        break;
      case "user":
        if (v.user) model.meet([v.user]);
    }
  }

  /** Events before one that came are missing: ask for all from the last. @param {string} id */
  async function catchUp(id) {
    const c = model.chats.get(id);
    if (!c || catching.has(id)) return;
    catching.add(id);
    try {
      await connection.command({ do: "resume", epoch: model.epoch, seen: { [id]: c.seen } });
    } catch {
      // Not live yet, or no longer: the next resume names the chat.
    } finally {
      catching.delete(id);
    }
  }

  /** The counts of one chat. @param {string} id */
  function refresh(id) {
    call("GET", `/chats/${id}`).then((a) => (model.meet(a.users ?? []), model.refresh(a.chat)), () => {});
  }

  function meetUnknown() {
    const ids = [...model.unknown].filter((id) => !asked.has(id)).slice(0, 50);
    if (!ids.length) return;
    for (const id of ids) asked.add(id);
    call("GET", `/users?ids=${ids.join(",")}`).then((a) => model.meet(a.users), () => {
      for (const id of ids) asked.delete(id);
    });
  }

  async function signOut() {
    leaving = true;
    try {
      await call("DELETE", "/sessions/current");
    } catch (err) {
      leaving = false;
      banner.hidden = false;
      words.textContent = /** @type {Error} */ (err).message;
      return;
    }
    connection.end();
    outbox.clear();
    location.assign("/");
  }

  /** @param {string} [reason] */
  async function ended(reason) {
    const gone = reason === "session" && (await call("GET", "/me").then(() => false, (e) => e.code === "no_identity"));
    if (gone) return location.reload(); // the way in
    banner.hidden = false;
    words.textContent = "The server and this page no longer understand each other. Please reload the page.";
    retry.hidden = true;
  }
}
