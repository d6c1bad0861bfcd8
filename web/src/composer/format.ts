// What each format does to a text: marks around the selection, or in front of its lines. A second time takes it back.
import { inFence } from "../core/fence.ts";
import { inWord, charAt, charBefore } from "../core/mention.ts";
import type { Format } from "./formats.ts";

/** A range to replace, and the selection after that. */
export interface Change { readonly from: number; readonly to: number; readonly text: string; readonly start: number; readonly end: number }

const marks = { bold: ["**", "__"], italic: ["_", "*"], strike: ["~~"], code: ["`"] } as const;
type Mark = keyof typeof marks;

/** Returns what a format changes in a text with this selection; undefined where there is no Markdown. */
export function changeFor(format: Format, text: string, from: number, to: number): Change | undefined {
  const multiline = text.slice(from, to).trim().includes("\n");
  if (format === "codeBlock" || (format === "code" && multiline)) return codeBlock(text, from, to);
  if (inFence(text, from)) return undefined;
  if (format === "bullets" || format === "numbers" || format === "quote") return linePrefix(format, text, from, to);
  [from, to] = withoutBlanks(text, from, to);
  if (format === "link") return link(text, from, to);
  if (multiline) return eachLine(format, text, from, to);
  return wrap(format, text, from, to);
}

function withoutBlanks(text: string, from: number, to: number): [number, number] {
  if (!text.slice(from, to).trim()) return [to, to];
  while (/\s/.test(text[from]!)) from++;
  while (/\s/.test(text[to - 1]!)) to--;
  return [from, to];
}

/** Reports whether these marks stand before or after a position: a longer run of stars is bold and italic, or both. */
function marked(text: string, at: number, step: -1 | 1, mark: string): boolean {
  const n = runAt(text, at, step, mark[0]!);
  return mark.length === 2 ? n >= 2 : n === 1 || n >= 3;
}

function runAt(text: string, at: number, step: -1 | 1, sign: string): number {
  let n = 0;
  for (let i = step < 0 ? at - 1 : at; text[i] === sign; i += step) n++;
  return n;
}

function wrap(kind: Mark, text: string, from: number, to: number): Change {
  if (from === to) {
    const mark = marks[kind].find((m) => marked(text, to, 1, m) && text.slice(text.lastIndexOf("\n", from - 1) + 1, from).includes(m));
    if (mark && marked(text, from, -1, mark)) return { from: from - mark.length, to: to + mark.length, text: "", start: from - mark.length, end: from - mark.length };
    if (mark) return { from, to, text: "", start: to + mark.length, end: to + mark.length };
    [from, to] = wordAt(text, from, to);
    if (from === to) return put(from, to, marks[kind][0], "", marks[kind][0]);
  }
  const inner = text.slice(from, to);
  if (kind === "code") return code(text, from, to);
  for (const m of marks[kind]) {
    const n = m.length;
    if (marked(text, from, -1, m) && marked(text, to, 1, m)) return { from: from - n, to: to + n, text: inner, start: from - n, end: to - n };
    if (inner.length > 2 * n && inner.startsWith(m) && marked(text, from, 1, m) && marked(text, to, -1, m)) return { from, to, text: inner.slice(n, -n), start: from, end: to - 2 * n };
  }
  if (kind !== "strike") [from, to] = wordAt(text, from, to); // within a word, stars and underscores are text
  return put(from, to, marks[kind][0], text.slice(from, to), marks[kind][0]);
}

const put = (from: number, to: number, before: string, inner: string, after: string): Change =>
  ({ from, to, text: before + inner + after, start: from + before.length, end: from + before.length + inner.length });

/** As many backticks as stand nowhere in the code, so that it does not end before. */
function code(text: string, from: number, to: number): Change {
  const inner = text.slice(from, to);
  const outside = runAt(text, from, -1, "`"), inside = runAt(inner, 0, 1, "`");
  if (outside && outside === runAt(text, to, 1, "`")) return { from: from - outside, to: to + outside, text: inner, start: from - outside, end: to - outside };
  if (inside && 2 * inside < inner.length && inside === runAt(inner, inner.length, -1, "`")) return { from, to, text: inner.slice(inside, -inside), start: from, end: to - 2 * inside };
  const runs = (inner.match(/`+/g) ?? []).map((r) => r.length);
  let n = 1;
  while (runs.includes(n)) n++;
  const ticks = "`".repeat(n), gap = /^`|`$/.test(inner) ? " " : "";
  return put(from, to, ticks + gap, inner, gap + ticks);
}

/** Extends a selection that begins or ends within a word. */
function wordAt(text: string, from: number, to: number): [number, number] {
  const inside = (at: number) => at > 0 && at < text.length && inWord(charBefore(text, at)) && inWord(charAt(text, at));
  while (inside(from)) from -= charBefore(text, from).length;
  while (inside(to)) to += charAt(text, to).length;
  return [from, to];
}

const linePart = /^(\s*(?:(?:[-*+]|\d+[.)]|>|#{1,6})[ \t]+(?:\[[ xX]\][ \t]+)?)*)(.*?)(\s*)$/;

/** Emphasis ends with its paragraph, and not in front of a list's marker: each line has its own. */
function eachLine(kind: Mark, text: string, from: number, to: number): Change {
  from = text.lastIndexOf("\n", from - 1) + 1;
  const [mark] = marks[kind];
  const lines = text.slice(from, to).split("\n").map((line) => linePart.exec(line)!);
  const on = lines.some(([, , inner]) => inner && !(inner.length > 2 * mark.length && inner.startsWith(mark) && inner.endsWith(mark)));
  const now = lines.map(([all, before, inner, after]) => (!inner ? all : before! + (on ? (inner.startsWith(mark) && inner.endsWith(mark) ? inner : mark + inner + mark) : inner.slice(mark.length, -mark.length)) + after!)).join("\n");
  return { from, to, text: now, start: from, end: from + now.length };
}

const scheme = "https://";

function link(text: string, from: number, to: number): Change {
  const label = text.slice(from, to);
  const known = /^\[(.*)\]\([^()]*\)$/s.exec(label);
  if (known) return { from, to, text: known[1]!, start: from, end: from + known[1]!.length };
  if (/^(?:https?:\/\/|www\.)\S+$/i.test(label)) return { from, to, text: `[](${label})`, start: from + 1, end: from + 1 };
  const at = from + label.length + 3; // the address is selected, to be replaced; without a label that is written first
  return { from, to, text: `[${label}](${scheme})`, start: label ? at : from + 1, end: label ? at + scheme.length : from + 1 };
}

function codeBlock(text: string, from: number, to: number): Change {
  const inner = text.slice(from, to).replace(/^\n+|\n+$/g, "");
  const fence = "`".repeat(Math.max(3, ...(inner.match(/`+/g) ?? []).map((r) => r.length + 1)));
  const before = from > 0 && text[from - 1] !== "\n" ? "\n" : "";
  const after = to < text.length && text[to] !== "\n" ? "\n" : "";
  return put(from, to, `${before}${fence}\n`, inner, `\n${fence}${after}`);
}

const linePrefixes = { bullets: /^(\s*)[-*+][ \t]+/, numbers: /^(\s*)\d+[.)][ \t]+/, quote: /^(\s*)>[ \t]?/ };

/** Puts a marker in front of each line of the selection, or takes it away where all have it. */
function linePrefix(kind: keyof typeof linePrefixes, text: string, from: number, to: number): Change {
  const first = text.lastIndexOf("\n", from - 1) + 1;
  const last = text.indexOf("\n", from === to ? to : to - 1);
  const end = last < 0 ? text.length : last;
  const lines = text.slice(first, end).split("\n");
  const counts = (line: string) => kind === "quote" || lines.length === 1 || line.trim() !== "";
  const on = !lines.filter(counts).every((line) => linePrefixes[kind].test(line));
  let n = 0;
  const now = lines.map((line) => {
    if (!counts(line)) return line;
    if (!on) return line.replace(linePrefixes[kind], "$1");
    const bare = kind === "quote" ? line : line.replace(linePrefixes.bullets, "$1").replace(linePrefixes.numbers, "$1");
    const [, blanks, rest] = /^(\s*)(.*)$/s.exec(bare)!;
    return kind === "quote" ? `> ${line}` : `${blanks}${kind === "bullets" ? "-" : `${++n}.`} ${rest}`;
  }).join("\n");
  const grown = now.length - (end - first);
  return from === to ? { from: first, to: end, text: now, start: Math.max(first, from + grown), end: Math.max(first, to + grown) } : { from: first, to: end, text: now, start: first, end: first + now.length };
}
