// Parses lines into paragraphs, headings, quotes, lists, tables and fences, as CommonMark and GitHub do.
// Rules, underlined headings, indented code, HTML and link definitions are text in chat. What would lose a
// sign or a number that was written stays text, too: see testdata/typed.json.
import type { Block } from "./markdownTree.ts";
import { type Budget, maxDepth } from "./markdownBudget.ts";
import { closingOf, type Fence, fenceOf } from "./fence.ts";
import { readInlines } from "./markdownInlines.ts";
import { tableAt, tableBegins } from "./markdownTable.ts";

export function readBlocks(lines: readonly string[], budget: Budget, depth = 0): Block[] {
  const all: Block[] = [];
  const paragraph = (some: readonly string[]) => all.push({ type: "paragraph", children: readInlines(some.map(trimEnd).join("\n"), budget) });

  for (let i = 0; i < lines.length;) {
    const line = lines[i]!;
    budget.step(1 + line.length);
    if (isBlank(line)) {
      i++;
      continue;
    }
    if (!budget.element()) {
      paragraph(lines.slice(i));
      break;
    }
    const fence = fenceOf(line);
    if (fence) {
      const language = /^[\w+#.-]*$/.test(fence.info) ? fence.info : "";
      const text = language === fence.info ? [] : [fence.info]; // what is no language is the first line
      for (let closed = false; !closed && ++i < lines.length;) {
        budget.step(1 + lines[i]!.length);
        const last = closingOf(lines[i]!, fence);
        closed = last !== undefined;
        const content = last ?? lines[i]!;
        if (!closed || !isBlank(content)) text.push(outdented(content, Math.min(fence.indent, indentOf(content))));
      }
      i++;
      all.push({ type: "fence", language, text: text.join("\n") });
    } else if (headingOf(line)) {
      const { level, text } = headingOf(line)!;
      all.push({ type: "heading", level, children: readInlines(text, budget) });
      i++;
    } else if (tableBegins(lines, i, budget)) {
      const { table, next } = tableAt(lines, i, budget, (line) => begins(line, depth));
      if (table) all.push(table);
      else paragraph(lines.slice(i, next));
      i = next;
    } else if (depth < maxDepth && quoted.test(line)) {
      const { inner, next } = quoteAt(lines, i, budget);
      all.push({ type: "quote", children: readBlocks(inner, budget, depth + 1) });
      i = next;
    } else if (depth < maxDepth && markerOf(line)) {
      const { list, next } = listAt(lines, i, budget, depth);
      all.push(list);
      i = next;
    } else {
      const from = i;
      for (i++; i < lines.length && !isBlank(lines[i]!) && !begins(lines[i]!, depth) && !tableBegins(lines, i, budget); i++) budget.step(1 + lines[i]!.length);
      paragraph(lines.slice(from, i));
    }
  }
  return all;
}

const quoted = /^ {0,3}>(?=>*(?:[ \t]|$))/; // a blank follows the marks: ">:(" is a face, ">100" a number

/** Returns the lines of the quote that begins at i, without its markers. */
function quoteAt(lines: readonly string[], i: number, budget: Budget): { inner: string[]; next: number } {
  const inner: string[] = [];
  const open = new OpenParagraph();
  for (; i < lines.length; i++) {
    const line = lines[i]!;
    budget.step(1 + line.length);
    const mark = quoted.test(line) ? /^ {0,3}> ?/.exec(line)?.[0] : undefined;
    if (mark === undefined && !(open.continues && !isBlank(line) && !begins(line, 0))) break;
    inner.push(line.slice(mark?.length ?? 0));
    open.take(inner.at(-1)!);
  }
  return { inner, next: i };
}

interface Marker { kind: string; number: number; indent: number; content: string }

/** Returns the marker of a list item, which is followed by a blank. */
function markerOf(line: string): Marker | undefined {
  const m = /^( {0,3})(?:([*+-])|(0|[1-9]\d{0,8})([.)]))[ \t]/.exec(line);
  if (!m) return undefined;
  const width = m[0].length - 1;
  const rest = line.slice(width);
  const blanks = indentOf(rest);
  const gap = blanks > 4 || isBlank(rest) ? 1 : blanks;
  return { kind: m[2] ?? m[4]!, number: Number(m[3] ?? 1), indent: width + gap, content: outdented(rest, gap) };
}

function listAt(lines: readonly string[], i: number, budget: Budget, depth: number): { list: Block; next: number } {
  const first = markerOf(lines[i]!)!;
  const items: Block[][] = [], numbers: number[] = [], done: (boolean | undefined)[] = [];
  for (let next = i; next < lines.length;) {
    const mark = markerOf(lines[next]!);
    if (mark?.kind !== first.kind || !budget.element()) break;
    const task = /^\[([ xX])\][ \t]+(?=\S)/.exec(mark.content);
    const inner = [task && budget.element() ? mark.content.slice(task[0].length) : mark.content];
    const open = new OpenParagraph();
    open.take(inner[0]!);
    for (i = next + 1; i < lines.length; i++) {
      const line = lines[i]!;
      budget.step(1 + line.length);
      if (isBlank(line)) {
        const after = pastBlank(lines, i, budget);
        if (after === lines.length || indentOf(lines[after]!) < mark.indent) break;
        for (; i < after; i++) inner.push("");
        i--;
        open.take("");
        continue;
      }
      const within = indentOf(line) >= mark.indent;
      if (!within && (!open.continues || markerOf(line) || begins(line, 0))) break;
      inner.push(within ? outdented(line, mark.indent) : line);
      open.take(inner.at(-1)!);
    }
    items.push(readBlocks(inner, budget, depth + 1));
    numbers.push(mark.number);
    done.push(inner[0] === mark.content ? undefined : task![1] !== " ");
    next = pastBlank(lines, i, budget);
  }
  return { list: { type: "list", ordered: /[.)]/.test(first.kind), kind: first.kind, numbers, items, done }, next: i };
}

/** Tracks whether a paragraph is open at the end of the lines taken so far: the next line continues it, also without a marker. */
class OpenParagraph {
  continues = false;
  #fence: Fence | undefined;

  take(line: string): void {
    const inFence = this.#fence;
    if (inFence) this.#fence = closingOf(line, inFence) === undefined ? inFence : undefined;
    else this.#fence = fenceOf(line);
    this.continues = !inFence && !this.#fence && !isBlank(line);
  }
}

/** Reports whether the line begins another block, which ends a paragraph. */
const begins = (line: string, depth: number) => !!fenceOf(line) || !!headingOf(line) || (depth < maxDepth && /^ {0,3}(?:[*+-][ \t]|1[.)][ \t])/.test(line)) || (depth < maxDepth && quoted.test(line));

/** Returns the level and the text of a heading: a blank follows its marks, and marks after the text are not shown. */
function headingOf(line: string): { level: number; text: string } | undefined {
  const m = /^ {0,3}(#{1,6})[ \t]+(?=\S)/.exec(line);
  if (!m) return undefined;
  const text = trimEnd(line.slice(m[0].length));
  let end = text.length;
  while (text[end - 1] === "#") end--;
  const closed = end === 0 || /[ \t]/.test(text[end - 1]!) ? trimEnd(text.slice(0, end)) : text;
  return closed ? { level: m[1]!.length, text: closed } : undefined;
}

function pastBlank(lines: readonly string[], i: number, budget: Budget): number {
  for (; i < lines.length && isBlank(lines[i]!); i++) budget.step(1 + lines[i]!.length);
  return i;
}

const isBlank = (line: string) => /^[ \t]*$/.test(line);

/** Returns the indentation in columns; tab stops are every four. */
function indentOf(line: string): number {
  let columns = 0;
  for (let i = 0; line[i] === " " || line[i] === "\t"; i++) columns += line[i] === "\t" ? 4 - (columns % 4) : 1;
  return columns;
}

/** Returns the line without its first columns, which are blank. */
function outdented(line: string, columns: number): string {
  let at = 0, done = 0;
  for (; done < columns && (line[at] === " " || line[at] === "\t"); at++) done += line[at] === "\t" ? 4 - (done % 4) : 1;
  return " ".repeat(Math.max(0, done - columns)) + line.slice(at);
}

function trimEnd(line: string): string {
  let end = line.length;
  while (end > 0 && (line[end - 1] === " " || line[end - 1] === "\t")) end--;
  return line.slice(0, end);
}
