// Completion of handles and emoji in a text that is being written.
import { inCode } from "./fence.ts";
import { mayName } from "./mention.ts";

/** A word at the caret that can be completed: its position, and what of it stands between its @ or colon and the caret. */
export interface Completion { kind: "mention" | "emoji"; from: number; to: number; query: string }

const longest = 40; // characters before the caret
// An emoji's colon begins a word, so that code, times and smileys are left alone.
const emojiStart = String.raw`(?<=^|[\s(\[*~])`;
const word = new RegExp(String.raw`[@＠]([\p{L}\p{M}\p{N}_.-]*)$|${emojiStart}:(\p{L}[\p{L}\p{N}][\p{L}\p{N}_+-]*|[+-]1)$`, "u");
const shortcode = new RegExp(String.raw`${emojiStart}:([\p{L}\p{N}_+-]+):$`, "u");
// What belongs to the word after the caret: accepting a completion leaves nothing of it.
const restOf = { mention: /^[\w.-]*\w/, emoji: /^[\p{L}\p{N}_+-]+:?/u };

export function completionAt(text: string, caret: number): Completion | undefined {
  const start = Math.max(0, caret - longest);
  const m = word.exec(text.slice(start, caret));
  if (!m || (m[1] !== undefined && !mayName(text, start + m.index)) || inCode(text, caret)) return undefined;
  const kind = m[1] === undefined ? "emoji" : "mention";
  const query = m[1] ?? m[2]!;
  return { kind, from: caret - query.length - 1, to: caret + (restOf[kind].exec(text.slice(caret, caret + longest))?.[0].length ?? 0), query };
}

/** Returns the shortcode that ends at the caret, such as :smile:. */
export function shortcodeAt(text: string, caret: number): { from: number; to: number; code: string } | undefined {
  const code = shortcode.exec(text.slice(Math.max(0, caret - longest), caret))?.[1];
  return code === undefined || inCode(text, caret) ? undefined : { from: caret - code.length - 2, to: caret, code };
}

/** Returns what replaces the word when a completion is accepted: one space follows, except before a sign. caret: its place after that. */
export function acceptCompletion(text: string, c: Completion, by: string): { insert: string; caret: number } {
  const next = text.slice(c.to, c.to + 1);
  const insert = by + (/[\s)\]}.,;:!?'"…]/.test(next) ? "" : " ");
  return { insert, caret: c.from + insert.length + Number(insert === by && next === " ") };
}
