import { plainText } from "../core/plainText.ts";

type Highlights = readonly (readonly [start: number, length: number])[];

// Noncharacters: no text contains them, and Markdown takes them for letters.
const open = "\uFDD0", close = "\uFDD1";

/** Cuts a snippet at its highlights, without its Markdown: every second part, from the second on, is a highlight. */
export function snippetParts(snippet: string, highlights: Highlights): string[] {
  const parts = cutAt(snippet, highlights);
  const marked = parts.map((part, i) => (i % 2 ? open + part + close : part)).join("");
  const plain = plainText(marked, marked.length).split(new RegExp(`[${open}${close}]`));
  return plain.length === parts.length ? plain : parts; // else a highlight is in what a preview leaves out, as the address of a link
}

function cutAt(snippet: string, highlights: Highlights): string[] {
  const parts: string[] = [];
  let at = 0;
  for (const [start, length] of highlights) {
    parts.push(snippet.slice(at, start), snippet.slice(start, start + length));
    at = start + length;
  }
  return [...parts, snippet.slice(at)];
}
