import { parse } from "./markdown.ts";
import type { Block, Inline } from "./markdownTree.ts";
import { cut } from "./text.ts";

/** Returns a message's text on one line without Markdown, for previews; at most that many UTF-16 units. */
export function plainText(text: string, most: number): string {
  const source = cut(text, 4 * most); // markup takes a part of it
  return cut(line(parsed(source)) || line(source), most);
}

const line = (s: string) => s.replace(/\s+/g, " ").trim();

/** An error of the parser shows the message as it is; without this it would take the sidebar along. */
function parsed(text: string): string {
  try {
    return parse(text).map(ofBlock).join(" ");
  } catch {
    return "";
  }
}

function ofBlock(b: Block): string {
  switch (b.type) {
    case "paragraph": case "heading": return ofInlines(b.children);
    case "quote": return b.children.map(ofBlock).join(" ");
    case "list": return b.items.map((item, i) => `${b.done[i] !== undefined ? (b.done[i] ? "✓" : "☐") : b.ordered ? b.numbers[i]! + b.kind : "•"} ${item.map(ofBlock).join(" ")}`).join(" ");
    case "table": return b.rows.map((row) => row.map(ofInlines).join(" ")).join(" ");
    case "fence": return b.text;
  }
}

const ofInlines = (all: readonly Inline[]): string => all.map((x) => ("children" in x ? ofInlines(x.children) : x.text)).join("");
