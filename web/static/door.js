// The ways in: the owner's link, an invite, a recovery link, and signing in.

import { call } from "./api.js";
import { el, field, form } from "./dom.js";

const handle = (/** @type {object} */ more = {}) => field("handle", "Handle", {
  autocomplete: "username", autocapitalize: "none", spellcheck: false, maxLength: 33, ...more,
});
const oldPassword = () => field("password", "Password", { type: "password", autocomplete: "current-password" });
const newPassword = (label = "Password") => field("password", label, { type: "password", autocomplete: "new-password", hint: "At least 8 characters." });
const person = () => [
  field("name", "Your name", { autocomplete: "name", hint: "As others will see it." }),
  handle({ hint: "Short and lower case, for @mentions and for signing in." }),
  newPassword(),
];

/** The code in the address, such as #invite=… @returns {{kind: string, code: string} | null} */
export function codeInAddress() {
  const found = /^#(setup|invite|recover)=(.+)$/.exec(location.hash);
  return found && { kind: found[1], code: decodeURIComponent(found[2]) };
}

/**
 * Shows the way in that fits the address. entered is told once there is a
 * session; chatId is where to go then.
 * @param {HTMLElement} app
 * @param {{me: import("./model.js").User | null, note?: string, entered: (chatId?: string) => void}} o
 */
export async function door(app, { me, note, entered }) {
  const code = codeInAddress();
  // An invite says itself what its page needs, and its calls have a budget of
  // their own: many people behind one address may join at once.
  const invite = code?.kind === "invite" ? await call("POST", "/invites/peek", { code: code.code }).catch((e) => e) : undefined;
  const server = invite?.valid ? { name: invite.server } : await call("GET", "/server");
  const show = (/** @type {string} */ title, /** @type {(Node|string|undefined)[]} */ ...rest) => {
    document.title = `${title} · ${server.name}`;
    app.replaceChildren(el("main", { class: "door" }, el("h1", {}, title), ...rest.filter((x) => x !== undefined).map((x) => (x instanceof Node ? x : el("p", {}, x)))));
    /** @type {HTMLInputElement | null} */ (app.querySelector("input"))?.focus();
  };

  const signIn = (/** @type {string | undefined} */ why, /** @type {(() => Promise<string | undefined>) | undefined} */ then) => show(
    `Sign in to ${server.name}`, why,
    form({
      fields: [handle(), oldPassword()], button: "Sign in",
      submit: async (v) => {
        await call("POST", "/sessions", { handle: v.handle.trim(), password: v.password, cookie: true });
        entered(await then?.());
      },
    }),
    server.setup ? "This server has no owner yet. The link that makes one is in the terminal where Parley was started." : undefined,
    server.registration === "open" && !then ? el("button", { class: "link", type: "button", onclick: signUp }, "Make an account") : undefined,
  );
  const signUp = () => show(
    `Join ${server.name}`,
    form({
      fields: person(), button: "Make my account",
      submit: async (v) => {
        await call("POST", "/accounts", account(v));
        entered();
      },
      extra: [el("button", { class: "link", type: "button", onclick: () => signIn(undefined, undefined) }, "I have an account")],
    }),
  );

  if (code?.kind === "setup") {
    if (!server.setup) return signIn("This server has its owner already. If that is you, sign in.", undefined);
    return show("Set up your server", "You are its owner: name it, and make your account.",
      form({
        fields: [field("serverName", "Name of the server", { value: server.name, autocomplete: "off" }), ...person()],
        button: "Start",
        submit: async (v) => {
          await call("POST", "/accounts", { ...account(v), setup: code.code, serverName: v.serverName.trim() });
          entered();
        },
      }));
  }
  if (code?.kind === "recover") {
    return show("Set a new password", "You are signed out everywhere else.",
      form({
        fields: [newPassword("New password")], button: "Set password",
        submit: async (v) => {
          await call("POST", "/recoveries/use", { code: code.code, password: v.password, cookie: true });
          entered();
        },
      }));
  }
  if (code && invite) return invited(code.code);
  return signIn(note, undefined);

  async function invited(/** @type {string} */ secret) {
    const away = el("a", { href: "/", class: "button", onclick: leave }, me ? "To my chats" : "Sign in");
    if (invite.again) return show("This invite could not be looked at", invite.message, el("button", { type: "button", onclick: () => location.reload() }, "Try again"));
    if (!invite.valid) return show("This invite cannot be used", invite instanceof Error ? invite.message : "It was used up or has expired. Ask for a new one.", away);
    const accept = async () => (invite.chat ? (await call("POST", "/invites/accept", { code: secret })).chat.id : undefined);
    const title = invite.chat ? `${invite.by.name} invites you to ${invite.chat.title || "a chat"}` : `${invite.by.name} invites you to ${invite.server}`;
    const where = invite.chat ? `${invite.chat.memberCount} ${invite.chat.memberCount === 1 ? "person talks" : "people talk"} there, on ${invite.server}.` : undefined;
    if (me) {
      if (!invite.chat) return show(title, `You are here already, as ${me.name}.`, away);
      return show(title, where, form({ fields: [], button: `Join as ${me.name}`, submit: async () => entered(await accept()), extra: [away] }));
    }
    show(title, where, form({
      fields: person(), button: "Join",
      submit: async (v) => {
        await call("POST", "/accounts", { ...account(v), invite: secret });
        entered(invite.chat?.id);
      },
      extra: [el("button", { class: "link", type: "button", onclick: () => signIn("Sign in to accept the invite.", accept) }, "I have an account")],
    }));
  }

  /** A plain link to "/" would keep the page and its code. @param {Event} e */
  function leave(e) {
    e.preventDefault();
    entered();
  }
}

/** @param {any} v the form's values */
function account(v) {
  return { name: v.name.trim(), handle: v.handle.trim().replace(/^@/, ""), password: v.password, cookie: true };
}
