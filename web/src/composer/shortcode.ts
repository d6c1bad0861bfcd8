import { shortcodeAt } from "../core/completion.ts";
import { isNamed, loadEmoji } from "./emoji.ts";

/** Puts the emoji for a shortcode that this input completed, unless the text has changed until the emoji are loaded. */
export async function convertShortcode({ inputType, data }: InputEvent, field: HTMLTextAreaElement, insert: (from: number, to: number, text: string) => void): Promise<void> {
  if (inputType !== "insertText" || data !== ":") return;
  const { value, selectionStart: at } = field;
  const typed = shortcodeAt(value, at);
  if (!typed) return;
  const emoji = await loadEmoji().then((all) => all.find((e) => isNamed(e, typed.code)), () => undefined);
  if (emoji && field.isConnected && field.value === value && field.selectionStart === at) insert(typed.from, typed.to, emoji.sign);
}
