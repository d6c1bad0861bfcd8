import { parse } from "./markdown.ts";
import type { Block, Inline } from "./markdownTree.ts";
import { cut } from "./text.ts";

/** Returns a message's text on one line without Markdown, for previews; at most that many UTF-16 units. */
export function plainText(text: string, most: number): string {
  const source = cut(text, 4 * most); // markup takes a part of it
  const plain = parse(source).map(ofBlock).join(" ").replace(/\s+/g, " ").trim();
  return cut(plain || source.replace(/\s+/g, " ").trim(), most);
}

function ofBlock(b: Block): string {
  switch (b.type) {
    case "paragraph": return ofInlines(b.children);
    case "quote": return b.children.map(ofBlock).join(" ");
    case "list": return b.items.map((item, i) => `${b.ordered ? `${b.start + i}.` : "•"} ${item.map(ofBlock).join(" ")}`).join(" ");
    case "fence": return b.text;
  }
}

const ofInlines = (all: readonly Inline[]): string => all.map((x) => ("children" in x ? ofInlines(x.children) : x.text)).join("");
