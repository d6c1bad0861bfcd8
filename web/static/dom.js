// Building the document. Children are nodes or text; text is always a text node.

/**
 * @param {string} tag
 * @param {Record<string, any>} [props] on… are listeners, class and aria/data names attributes, the rest properties
 * @param {...(Node|string|number|false|null|undefined)} children
 * @returns {any}
 */
export function el(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === undefined || value === null) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (name in node && !name.includes("-") && name !== "list") /** @type {any} */ (node)[name] = value;
    else node.setAttribute(name === "class" ? "class" : name, String(value));
  }
  node.append(...children.filter((c) => c !== false && c !== null && c !== undefined).map((c) => (c instanceof Node ? c : String(c))));
  return node;
}

let fields = 0;

/**
 * A labelled input with room for a hint and for its error.
 * @param {string} name the field's name on the wire, so that an error finds it
 * @param {string} label
 * @param {Record<string, any>} [props] of the input; hint is the line below it
 */
export function field(name, label, { hint, ...props } = {}) {
  const id = `field-${++fields}`;
  const box = props.type === "checkbox";
  const input = el("input", { id, name, required: !box, "aria-describedby": `${id}-note ${id}-error`, ...props });
  return el("div", { class: box ? "field box" : "field" },
    el("label", { htmlFor: id }, label), input,
    el("p", { id: `${id}-note`, class: "hint" }, hint), el("p", { id: `${id}-error`, class: "error" }));
}

/**
 * A form that says its errors at the field, or in a status line above the button.
 * @param {{fields: HTMLElement[], button: string, submit: (values: any) => Promise<void>, extra?: Node[]}} o
 */
export function form({ fields: rows, button, submit, extra = [] }) {
  const status = el("p", { class: "error", role: "alert" });
  const send = el("button", { type: "submit", class: "primary" }, button);
  const f = el("form", { noValidate: true }, ...rows, status, el("div", { class: "buttons" }, send, ...extra));
  f.addEventListener("submit", async (/** @type {Event} */ e) => {
    e.preventDefault();
    clear(f, status);
    const inputs = [...f.querySelectorAll("input")];
    const empty = inputs.find((i) => i.required && !i.value.trim());
    if (empty) return complain(empty, "Please fill this in.");
    send.disabled = true;
    try {
      await submit(Object.fromEntries(inputs.map((i) => [i.name, i.type === "checkbox" ? i.checked : i.value])));
    } catch (err) {
      const failure = /** @type {any} */ (err);
      const at = inputs.find((i) => i.name === failure.field);
      if (at) complain(at, failure.message);
      else status.textContent = failure.message;
    } finally {
      send.disabled = false;
    }
  });
  return f;
}

/** @param {HTMLInputElement} input @param {string} message */
function complain(input, message) {
  input.setAttribute("aria-invalid", "true");
  /** @type {HTMLElement} */ (document.getElementById(`${input.id}-error`)).textContent = message;
  input.focus();
}

/** @param {HTMLFormElement} f @param {HTMLElement} status */
function clear(f, status) {
  status.textContent = "";
  for (const i of f.querySelectorAll("[aria-invalid]")) i.removeAttribute("aria-invalid");
  for (const p of f.querySelectorAll(".field .error")) p.textContent = "";
}

/** A picture of somebody: their first letter on a colour of their own. @param {{id: string, name: string}} user */
export function avatar(user) {
  let hue = 0;
  for (const ch of user.id) hue = (hue * 33 + ch.charCodeAt(0)) % 65521;
  return el("span", { class: `avatar hue-${hue % 8}`, "aria-hidden": "true" }, [...user.name.trim()][0]?.toUpperCase() ?? "?");
}
