// Formatting by shortcut, and pasted rich text. How a text changes is in format.ts and richText.ts, which load later.
import { loadParts } from "../app/loadParts.ts";
import { inCode } from "../core/fence.ts";
import { type Format, formatKeys, formats, isMac } from "./formats.ts";
import { insertText } from "./insertText.ts";

/** Returns the format of a shortcut; Ctrl+K without a selection is the quick switcher's. */
function formatOf(e: KeyboardEvent, selected: boolean): Format | undefined {
  if (e.altKey || !(isMac ? e.metaKey && !e.ctrlKey : e.ctrlKey && !e.metaKey)) return undefined;
  // A layout with other letters, or with signs above the digits, has the key's place.
  const key = e.shiftKey || !/^[a-z]$/i.test(e.key) ? e.code.replace(/^Key|^Digit/, "") : e.key.toUpperCase();
  const name = e.shiftKey ? `Shift+${key}` : key;
  const found = formats.find((f) => formatKeys[f] === name);
  return found === "link" && !selected ? undefined : found;
}

/** Formats the selection if the key is a shortcut for that, and reports whether it is. */
export function formatByKey(e: KeyboardEvent, field: HTMLTextAreaElement): boolean {
  const format = formatOf(e, field.selectionStart < field.selectionEnd);
  if (!format) return false;
  e.preventDefault();
  e.stopPropagation();
  applyFormat(field, format);
  return true;
}

export function applyFormat(field: HTMLTextAreaElement, format: Format): void {
  loadParts().then(({ changeFor }) => {
    if (!field.isConnected) return;
    const c = changeFor(format, field.value, field.selectionStart, field.selectionEnd);
    if (c) insertText(field, c.from, c.to, c.text, c.start, c.end);
  }, () => {}); // without a connection the text stays as it is
}

const rich = /<(?:b|strong|i|em|s|del|strike|a|code|pre|ul|ol|h[1-6]|table|blockquote)[\s>]|(?:font-weight: ?(?:bold|[6-9]00)|font-style: ?italic|line-through)/i;
const ofEditor = /<(?:div|pre)\b[^>]*font-family:[^">]*(?:mono|consolas|courier|menlo)/i; // its colours and slants are no emphasis
const address = /^https?:\/\/\S+$/;

/** Pastes rich text as Markdown, and an address over a selection as its link. Anything else the browser pastes. */
export function pasteRich(e: ClipboardEvent, field: HTMLTextAreaElement): void {
  const { selectionStart: from, selectionEnd: to, value } = field;
  const data = e.clipboardData;
  if (!data || e.defaultPrevented || inCode(value, from)) return;
  const plain = data.getData("text/plain"), url = plain.trim();
  const label = value.slice(from, to);
  if (label.trim() && address.test(url) && !/\n|\]|^\s*https?:/.test(label)) {
    e.preventDefault();
    return insertText(field, from, to, `[${label}](${url})`);
  }
  const html = data.getData("text/html");
  if (!rich.test(html) || ofEditor.test(html) || data.types.includes("vscode-editor-data")) return;
  e.preventDefault();
  void loadParts().then(({ markdownOf }) => markdownOf(html) || plain, () => plain)
    .then((text) => field.isConnected && insertText(field, field.selectionStart, field.selectionEnd, text));
}

