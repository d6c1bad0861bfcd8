// Turns rich text of the clipboard into Markdown. It is read as an inert document: nothing of it runs or loads.
import { read } from "../core/markdown.ts";
import { isFewEmoji } from "../core/text.ts";

const ignored = new Set(["SCRIPT", "STYLE", "TEMPLATE", "NOSCRIPT", "HEAD", "META", "TITLE", "LINK", "BUTTON", "SELECT", "TEXTAREA", "IFRAME", "OBJECT", "SVG", "VIDEO", "AUDIO"]);
const blockTags = "ADDRESS,ARTICLE,ASIDE,BLOCKQUOTE,BODY,CENTER,DD,DETAILS,DIV,DL,DT,FIGCAPTION,FIGURE,FOOTER,FORM,H1,H2,H3,H4,H5,H6,HEADER,HR,LI,MAIN,NAV,OL,P,PRE,SECTION,SUMMARY,TABLE,TBODY,TD,TFOOT,TH,THEAD,TR,UL";
const blocks = new Set(blockTags.split(","));
const spaced = new Set(["P", "H1", "H2", "H3", "H4", "H5", "H6", "UL", "OL", "TABLE", "PRE", "BLOCKQUOTE"]); // an empty line is around them
const maxDepth = 40;

/** Returns the Markdown of an HTML text; "" if it holds no text. */
export function markdownOf(html: string): string {
  // The page's policy reports attributes with styles and scripts, also in a document that is never shown.
  const harmless = html.replace(/<style\b[^]*?<\/style>/gi, "").replace(/<[a-z][^>]*>/gi, (tag) => tag.replace(/\s(style|on\w+)\s*=/gi, " data-$1="));
  return joined(blocksOf(new DOMParser().parseFromString(harmless, "text/html").body, 0));
}

/** gap: the line ends that stand at least around it. */
interface Part { readonly text: string; readonly gap: number }

const joined = (parts: readonly Part[]): string => parts.map((p, i) => (i ? "\n".repeat(Math.max(p.gap, parts[i - 1]!.gap)) : "") + p.text).join("");

function blocksOf(parent: Element, depth: number): Part[] {
  const parts: Part[] = [];
  let run: Node[] = [];
  const flush = () => {
    const text = tidy(inlinesOf(run, depth));
    run = [];
    if (text) parts.push({ text: /^(?:[-+>]|#{1,6})(?= )/.test(text) ? "\\" + text : text, gap: 1 });
  };
  for (const child of parent.childNodes) {
    if (!(child instanceof Element) || depth > maxDepth || !holdsBlocks(child)) {
      run.push(child);
      continue;
    }
    flush();
    const gap = spaced.has(child.tagName) ? 2 : 1;
    if (child.tagName === "P" || !special.has(child.tagName)) {
      const inner = blocksOf(child, depth + 1);
      parts.push(...inner.map((p, i) => (i === 0 || i === inner.length - 1 ? { ...p, gap: Math.max(gap, p.gap) } : p)));
    } else {
      const text = blockOf(child, depth);
      if (text) parts.push({ text, gap });
    }
  }
  flush();
  return parts;
}

const special = new Set(["H1", "H2", "H3", "H4", "H5", "H6", "PRE", "BLOCKQUOTE", "UL", "OL", "TABLE"]);
const holdsBlocks = (e: Element) => blocks.has(e.tagName) || (!ignored.has(e.tagName) && e.querySelector(blockTags) !== null);

function blockOf(e: Element, depth: number): string {
  const line = () => tidy(inlinesOf(e.childNodes, depth)).replace(/\s*\n\s*/g, " ");
  switch (e.tagName) {
    case "PRE": return fence(e);
    case "BLOCKQUOTE": return prefixed(joined(blocksOf(e, depth + 1)), "> ");
    case "UL": case "OL": return listOf(e, depth);
    case "TABLE": return tableOf(e as HTMLTableElement, depth);
    default: return line() && `${"#".repeat(Number(e.tagName[1]))} ${line()}`;
  }
}

const prefixed = (text: string, first: string, others = first): string => text && text.split("\n").map((l, i) => ((i ? others : first) + l).trimEnd()).join("\n");

function fence(e: Element): string {
  const text = (e.textContent ?? "").replace(/^\n|\s+$/g, "");
  const marks = "`".repeat(Math.max(3, ...(text.match(/`+/g) ?? []).map((r) => r.length + 1)));
  const language = /\blang(?:uage)?-([\w+#.-]+)/.exec(`${e.className} ${e.querySelector("code")?.className ?? ""}`)?.[1] ?? "";
  return text && `${marks}${language}\n${text}\n${marks}`;
}

function listOf(e: Element, depth: number): string {
  const items: string[] = [];
  let n = Number(e.getAttribute("start") ?? 1);
  for (const child of e.children) {
    if (child.tagName === "UL" || child.tagName === "OL") { // a list within a list, without an item around it
      const inner = prefixed(listOf(child, depth + 1), "  ");
      if (inner) items.push(inner);
      continue;
    }
    const box = child.querySelector<HTMLInputElement>(':scope > input[type="checkbox"], :scope > :not(ul, ol) input[type="checkbox"]');
    const text = blocksOf(child, depth + 1).map((p) => p.text).join("\n");
    const marker = e.tagName === "OL" ? `${n++}. ` : "- ";
    if (text) items.push(prefixed((box ? `[${box.checked ? "x" : " "}] ` : "") + text, marker, " ".repeat(marker.length)));
  }
  return items.join("\n");
}

function tableOf(e: HTMLTableElement, depth: number): string {
  const rows = [...e.rows].map((r) => [...r.cells].map((c) => joined(blocksOf(c, depth + 1)).replace(/\s*\n\s*/g, " ").replaceAll("|", "\\|")));
  const width = Math.max(0, ...rows.map((r) => r.length));
  if (width === 0) return "";
  if (width === 1) return [...e.rows].flatMap((r) => [...r.cells]).map((c) => joined(blocksOf(c, depth + 1))).filter(Boolean).join("\n"); // it only arranges
  const line = (cells: readonly string[]) => `| ${Array.from({ length: width }, (_, i) => cells[i] ?? "").join(" | ")} |`;
  const [head, ...rest] = rows;
  return [line(head!), line(Array<string>(width).fill("---")), ...rest.map(line)].join("\n");
}

/** Returns a paragraph without the blanks that HTML does not show. */
const tidy = (text: string) => text.replace(/[ \t]*\n[ \t]*/g, "\n").replace(/\n{3,}/g, "\n\n").trim();

const inlinesOf = (nodes: Iterable<Node>, depth: number): string => {
  let all = "";
  for (const n of nodes) {
    const text = inlineOf(n, depth);
    all += /\s$/.test(all) ? text.replace(/^ +/, "") : text;
  }
  return all;
};

function inlineOf(n: Node, depth: number): string {
  if (n.nodeType === Node.TEXT_NODE) return escaped((n.textContent ?? "").replace(/[ \t\r\n]+/g, " ").replaceAll("\u00a0", " "));
  if (!(n instanceof Element) || ignored.has(n.tagName)) return "";
  if (depth > maxDepth) return escaped((n.textContent ?? "").replace(/\s+/g, " "));
  const inner = () => inlinesOf(n.childNodes, depth + 1);
  switch (n.tagName) {
    case "BR": return "\n";
    case "IMG": return isFewEmoji(n.getAttribute("alt") ?? "") ? n.getAttribute("alt")! : "";
    case "INPUT": return "";
    case "CODE": case "KBD": case "SAMP": case "TT": return code(n.textContent ?? "");
    case "A": return link(n.getAttribute("href") ?? "", inner(), n.textContent?.trim() ?? "");
    default: {
      const style = n.getAttribute("data-style") ?? "";
      const weight = /font-weight:\s*(\w+)/i.exec(style)?.[1];
      const bold = weight ? /^(?:bold|bolder|[6-9]00)$/i.test(weight) : /^(?:B|STRONG)$/.test(n.tagName);
      const italic = /font-style:/i.test(style) ? /font-style:\s*(?:italic|oblique)/i.test(style) : /^(?:I|EM|CITE|DFN|VAR)$/.test(n.tagName);
      const strike = /^(?:S|DEL|STRIKE)$/.test(n.tagName) || /text-decoration[\w-]*:[^;]*line-through/i.test(style);
      return around(around(around(inner(), strike && "~~"), italic && "_"), bold && "**");
    }
  }
}

/** Puts marks around what is seen of a text: next to a blank they would be text. */
function around(text: string, mark: string | false): string {
  const [, before, inner, after] = /^(\s*)(.*?)(\s*)$/s.exec(text)!;
  if (!mark || !inner || (inner.startsWith(mark) && inner.endsWith(mark))) return text;
  return before! + inner.split(/(\n+)/).map((l) => (l.trim() ? mark + l + mark : l)).join("") + after!;
}

function code(text: string): string {
  const line = text.replace(/\s+/g, " ");
  const ticks = line.includes("`") ? "``" : "`";
  return line.trim() && ticks + (/^`|`$/.test(line) ? ` ${line} ` : line) + ticks;
}

function link(href: string, label: string, text: string): string {
  if (!/^(?:https?:\/\/[^\s/]|mailto:.)/i.test(href) || !text) return label;
  const bare = (s: string) => s.replace(/^(?:https?:\/\/|mailto:)|\/$/gi, "");
  if (bare(href) === bare(text)) return /^mailto:/i.test(href) ? text : href;
  const target = href.replace(/\s/g, encodeURIComponent).replace(/[()]/g, (c) => (c === "(" ? "%28" : "%29"));
  const [, before, inner, after] = /^(\s*)(.*?)(\s*)$/s.exec(label)!;
  return inner ? `${before}[${inner.replace(/\n+/g, " ")}](${target})${after}` : label;
}

/** Escapes signs that would be marks. */
function escaped(text: string): string {
  if (!/[*_~`]/.test(text)) return text;
  const { tree } = read(text.trim());
  const [only] = tree;
  const plain = tree.length === 1 && only?.type === "paragraph" && only.children.every((x) => x.type === "text" || x.type === "mention" || x.type === "link");
  return plain ? text : text.replace(/(^|[\s([{"'])([*_~`]+)(?=\S)/g, (_, before: string, run: string) => before + [...run].map((c) => "\\" + c).join(""));
}
