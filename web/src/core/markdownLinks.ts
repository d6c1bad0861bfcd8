// Finds links: [label](target), <address> and bare addresses.
import { Budget } from "./markdownBudget.ts";
import type { Inline } from "./markdownTree.ts";

/** href is undefined for text that need not be scanned again. */
interface Found { from: number; end: number; href: string | undefined; text: string }

const maxURL = 4096; // characters; a longer URL is text
const maxNested = 32; // brackets in a target

const ends = /[\s<\u3000-\u3004\u3008-\u3020\uff01-\uff0f\uff1a-\uff1f\uff3b-\uff3d\uff5b-\uff65]/; // also the punctuation of scripts without spaces
const brackets = new Map([["(", { kind: 0, step: -1 }], [")", { kind: 0, step: 1 }], ["[", { kind: 1, step: -1 }], ["]", { kind: 1, step: 1 }], ["{", { kind: 2, step: -1 }], ["}", { kind: 2, step: 1 }]]);

const safe = /^(?:https?:\/\/[^\s/]\S*|mailto:\S+)$/i;

/** Returns the target if its scheme is http, https or mailto. */
export const hrefOf = (target: string): string | undefined => (target.length <= maxURL && safe.test(target) ? target : undefined);

/** Parses the (target "title") at a position. */
export function linkTail(src: string, at: number, budget: Budget): { href: string; end: number } | undefined {
  if (src[at] !== "(") return undefined;
  let i = pastBlank(src, at + 1, budget);
  const from = i;
  let href: string;
  if (src[i] === "<") {
    for (i++; src[i] !== ">"; i++) {
      budget.step();
      if (src[i] === undefined || src[i] === "\n" || src[i] === "<") return undefined;
      if (src[i] === "\\") i++;
    }
    href = src.slice(from + 1, i++);
  } else {
    for (let nested = 0; i < src.length && src[i]! > " "; i++) {
      budget.step();
      if (src[i] === "\\") i++;
      else if (src[i] === "(" && ++nested > maxNested) return undefined;
      else if (src[i] === ")" && nested-- === 0) break;
    }
    href = src.slice(from, i);
  }
  let end = pastBlank(src, i, budget);
  const quote = src[end] === "(" ? ")" : src[end];
  if (end > i && (quote === '"' || quote === "'" || quote === ")") && src[end] !== ")") {
    for (end++; src[end] !== quote; end++) {
      budget.step();
      if (src[end] === undefined) return undefined;
      if (src[end] === "\\") end++;
    }
    end = pastBlank(src, end + 1, budget);
  }
  return src[end] === ")" ? { href: href.replace(/\\([!-/:-@[-`{-~])/g, "$1"), end: end + 1 } : undefined;
}

/** Returns a line of plain text with its bare addresses as links: a topic has no other Markdown. */
export function withLinks(text: string): Inline[] {
  const all: Inline[] = [];
  const budget = new Budget(Infinity); // a line is short
  let from = 0;
  const put = (to: number) => to > from && all.push({ type: "text", text: text.slice(from, to) });
  for (let at = 0; at < text.length; at++) {
    const found = /[hw]/i.test(text[at]!) ? bareURL(text, at, false, budget) : text[at] === "@" ? emailAt(text, at, from, budget) : undefined;
    if (!found?.href) continue;
    put(found.from);
    all.push({ type: "link", href: found.href, children: [{ type: "text", text: found.text }] });
    from = found.end;
    at = from - 1;
  }
  put(text.length);
  return all;
}

/** Parses the <address> at a position. */
export function autolinkAt(src: string, at: number, budget: Budget): Found | undefined {
  let end = at + 1;
  for (; src[end] !== ">"; end++) {
    budget.step();
    if (src[end] === undefined || src[end] === "<" || src[end]! <= " ") return undefined;
  }
  const text = src.slice(at + 1, end);
  const href = hrefOf(/^[\w.+-]+@[\w-]+(?:\.[\w-]+)+$/.test(text) ? "mailto:" + text : text);
  return href ? { from: at, end: end + 1, href, text } : undefined;
}

/** Parses the URL at a position, without trailing punctuation. In a link's label it ends before a ]. */
export function bareURL(src: string, at: number, inLabel: boolean, budget: Budget): Found | undefined {
  const head = /^(?:https?:\/\/|www\.)(?=[\p{L}\p{N}])/iu.exec(src.slice(at, at + 10))?.[0];
  if (!head || /[A-Za-z0-9]/.test(src[at - 1] ?? "")) return undefined;
  let end = at + head.length;
  const surplus = [0, 0, 0]; // unmatched closing brackets of each kind
  for (; end < src.length && !ends.test(src[end]!) && !(inLabel && src[end] === "]"); end++) {
    budget.step();
    const pair = brackets.get(src[end]!);
    if (pair) surplus[pair.kind]! += pair.step;
  }
  for (; end > at; end--) {
    budget.step();
    const last = src[end - 1]!;
    const pair = brackets.get(last);
    if (pair && (pair.step < 0 || surplus[pair.kind]! > 0)) surplus[pair.kind]! -= pair.step;
    else if (!"?!.,:;*_'\"~…“”‘’«»‹›".includes(last)) break;
  }
  const text = src.slice(at, end);
  return end - at > head.length ? { from: at, end, href: hrefOf(/^w/i.test(head) ? "http://" + text : text), text } : undefined;
}

/** Parses the e-mail address around an @, which does not begin before from. */
export function emailAt(src: string, at: number, from: number, budget: Budget): Found | undefined {
  let start = at, end = at + 1;
  for (; start > from && /[\w.+-]/.test(src[start - 1]!); start--) budget.step();
  for (; end < src.length && /[\w.-]/.test(src[end]!); end++) budget.step();
  while (start < at && /[._+-]/.test(src[start]!)) start++;
  while (end > at + 1 && /[._-]/.test(src[end - 1]!)) end--;
  const text = src.slice(start, end);
  return /^[^@]+@[^.@]+(?:\.[^.@]+)+$/.test(text) ? { from: start, end, href: "mailto:" + text, text } : undefined;
}

export function pastBlank(src: string, at: number, budget: Budget): number {
  for (; src[at] === " " || src[at] === "\t" || src[at] === "\n"; at++) budget.step();
  return at;
}
