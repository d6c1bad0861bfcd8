// Parses the text of a paragraph into emphasis, code, links and mentions, with CommonMark's delimiter
// stack, which visits each delimiter a fixed number of times.
import type { Inline } from "./markdownTree.ts";
import { type Budget, maxDepth } from "./markdownBudget.ts";
import { visible } from "./text.ts";
import { charAt, charBefore, handlesAt, inWord, mayName, unspaced } from "./mention.ts";
import { bareURL, emailAt, hrefOf, linkTail, autolinkAt } from "./markdownLinks.ts";

type Emphasis = "bold" | "italic" | "strike";

/** A delimiter run of *, _ or ~~: it closes as much as it can, then opens with the rest. */
interface Run {
  type: "run";
  mark: string;
  at: number;
  opens: boolean;
  closes: boolean;
  length: number;
  left: number; // its characters that are text
  closing: Emphasis[]; // in the order of the text
  opening: Emphasis[]; // the innermost first
  previous: Run | undefined;
  next: Run | undefined;
}
type Piece =
  | Run
  | { type: "text"; text: string }
  | { type: "whole"; node: Inline; raw: string }
  | { type: "at" } // an @ that may name somebody
  | { type: "bracket"; href: string | undefined } // a [ that opens a link if href is set
  | { type: "linkEnd"; raw: string };

export function readInlines(src: string, budget: Budget): Inline[] {
  return new Elements(budget).of(new Scanner(src, budget).pieces());
}

class Scanner {
  #src: string;
  #budget: Budget;
  #pieces: Piece[] = [];
  #text = 0; // where the text begins that is not yet in a piece
  #last: Run | undefined;
  #brackets: { piece: number; at: number }[] = [];
  #escaped = new Set<string>(); // the marks that a backslash escaped so far
  #ticks: Map<number, number[]> | undefined; // positions of backtick runs by their length, the first position last

  constructor(src: string, budget: Budget) {
    this.#src = src;
    this.#budget = budget;
  }

  pieces(): Piece[] {
    for (let at = 0; at < this.#src.length;) {
      this.#budget.step();
      at = this.#special(at) ?? at + 1;
    }
    this.#flush(this.#src.length);
    this.#pair(-1);
    return this.#pieces;
  }

  /** Parses what begins at a special character and returns where it ends. */
  #special(at: number): number | undefined {
    const src = this.#src;
    switch (src[at]) {
      case "\\":
        return this.#backslash(at);
      case "`": return this.#code(at);
      case "*": case "_": case "~": return this.#run(at);
      case "[":
        this.#put(at, at + 1, { type: "bracket", href: undefined });
        this.#brackets.push({ piece: this.#pieces.length - 1, at });
        return at + 1;
      case "]": return this.#link(at);
      case "<": case "h": case "H": case "w": case "W": case "@": {
        const found = src[at] === "<" ? autolinkAt(src, at, this.#budget)
          : src[at] === "@" ? emailAt(src, at, this.#text, this.#budget)
          : bareURL(src, at, this.#brackets.length > 0, this.#budget);
        if (!found) return src[at] === "@" && mayName(src, at, () => this.#budget.step()) ? this.#put(at, at + 1, { type: "at" }) : undefined;
        if (found.href === undefined) return found.end;
        const raw = src.slice(found.from, found.end);
        return this.#put(found.from, found.end, { type: "whole", raw, node: { type: "link", href: found.href, children: [{ type: "text", text: found.text }] } });
      }
    }
    return undefined;
  }

  /** The mark after a backslash is text. The backslash is not shown where it cannot be meant itself, as in a path or a face. */
  #backslash(at: number): number | undefined {
    const src = this.#src, mark = src[at + 1] ?? "";
    if (mark === "\\") return at + 2;
    const line = at === 0 || src[at - 1] === "\n";
    if (!escapable.test(mark) && !(line && startsBlock.test(mark))) return undefined;
    const before = src[at - 1] ?? " ", after = src[at + 2] ?? " ";
    const first = space.test(before) || "([{\"'*_~".includes(before);
    const last = this.#escaped.has(mark) && !space.test(before) && (space.test(after) || ")]}\"'*_~.,;:!?".includes(after));
    if (!first && !last) return at + 2;
    this.#escaped.add(mark);
    return this.#put(at, at + 2, { type: "text", text: mark });
  }

  #put(from: number, end: number, piece: Piece | undefined): number {
    this.#flush(from);
    if (piece) this.#pieces.push(piece);
    this.#text = end;
    return end;
  }

  #flush(to: number): void {
    if (to > this.#text) this.#pieces.push({ type: "text", text: this.#src.slice(this.#text, to) });
    this.#text = to;
  }

  #runEnd(at: number): number {
    let end = at + 1;
    while (this.#src[end] === this.#src[at]) end++;
    this.#budget.step(end - at);
    return end;
  }

  #code(at: number): number {
    const from = this.#runEnd(at);
    const close = this.#nextTicks(from - at, from);
    if (close === undefined) return from;
    let text = this.#src.slice(from, close).replaceAll("\n", " ");
    if (/^ [^]* $/.test(text) && /[^ ]/.test(text)) text = text.slice(1, -1);
    const end = close + (from - at);
    this.#budget.step(end - at);
    return this.#put(at, end, { type: "whole", raw: this.#src.slice(at, end), node: { type: "code", text } });
  }

  /** Returns the position of the next run of n backticks. The first call scans the whole text, once. */
  #nextTicks(length: number, from: number): number | undefined {
    if (!this.#ticks) {
      this.#ticks = new Map();
      for (let end = this.#src.length; end > 0;) {
        const last = end;
        while (this.#src[end - 1] === "`") end--;
        const like = this.#ticks.get(last - end);
        if (like) like.push(end);
        else if (end < last) this.#ticks.set(last - end, [end]);
        else end--;
        this.#budget.step(1 + last - end);
      }
    }
    const all = this.#ticks.get(length);
    while (all?.length && all.at(-1)! < from) {
      this.#budget.step();
      all.pop();
    }
    return all?.at(-1);
  }

  #run(at: number): number {
    const src = this.#src, mark = src[at]!;
    const end = this.#runEnd(at);
    const before = charBefore(src, at) || " ", after = charAt(src, end);
    // Scripts without spaces between words, and Hangul, have emphasis within a word.
    const left = !space.test(after) && (!punctuation.test(after) || space.test(before) || punctuation.test(before) || unspaced.test(before));
    const right = !space.test(before) && (!punctuation.test(before) || space.test(after) || punctuation.test(after) || unspaced.test(after));
    // Between letters or digits a star is a multiplication and an underscore is part of a name.
    const opens = left && (mark === "~" || !inWord(before)), closes = right && (mark === "~" || !inWord(after));
    if (!(opens || closes) || (mark === "~" && end - at !== 2)) return end;
    const run: Run = { type: "run", mark, at, opens, closes, length: end - at, left: end - at, closing: [], opening: [], previous: this.#last, next: undefined };
    if (this.#last) this.#last.next = run;
    this.#last = run;
    return this.#put(at, end, run);
  }

  /** Turns what is between the last [ and this ] into a link, if a target follows. */
  #link(at: number): number | undefined {
    const open = this.#brackets.pop();
    const tail = open && linkTail(this.#src, at + 1, this.#budget);
    if (!tail) return undefined;
    this.#flush(at);
    this.#pair(open.at);
    const href = hrefOf(tail.href);
    let label = open.at + 1; // where something is seen
    for (; label < at && !visible(charAt(this.#src, label)); label++) this.#budget.step();
    if (!href || label === at) {
      this.#pieces.length = open.piece;
      this.#text = open.at;
      return tail.end;
    }
    for (let i = open.piece; i < this.#pieces.length; i++) {
      this.#budget.step();
      const p = this.#pieces[i]!;
      if (p.type === "whole" && p.node.type === "link") this.#pieces[i] = { type: "text", text: p.raw };
    }
    this.#pieces[open.piece] = { type: "bracket", href };
    this.#brackets = []; // links do not nest
    return this.#put(at, tail.end, { type: "linkEnd", raw: this.#src.slice(at, tail.end) });
  }

  /** Matches closing runs after a position with opening ones, and pops all runs after it. */
  #pair(behind: number): void {
    let first: Run | undefined, bottom = this.#last;
    for (; bottom && bottom.at > behind; bottom = bottom.previous) {
      this.#budget.step();
      first = bottom;
    }
    const searched = new Map<string, number>(); // openers_bottom of CommonMark: no opener for this kind of closer lies before
    for (let closer = first; closer;) {
      this.#budget.step();
      const next: Run | undefined = closer.next;
      if (!closer.closes) {
        closer = next;
        continue;
      }
      const like = closer.mark + closer.opens + (closer.length % 3);
      const from = searched.get(like) ?? behind;
      let opener = closer.previous;
      for (; opener && opener.at > from && !fits(opener, closer); opener = opener.previous) this.#budget.step();
      if (!opener || opener.at <= from) {
        searched.set(like, closer.at - 1);
        if (!closer.opens) this.#unlink(closer);
        closer = next;
        continue;
      }
      const n = opener.left >= 2 && closer.left >= 2 ? 2 : 1;
      const kind = closer.mark === "~" ? "strike" : n === 2 ? "bold" : "italic";
      opener.left -= n;
      closer.left -= n;
      opener.opening.push(kind);
      closer.closing.push(kind);
      opener.next = closer; // runs between them cannot open any more
      closer.previous = opener;
      if (!opener.left) this.#unlink(opener);
      if (!closer.left) {
        this.#unlink(closer);
        closer = next;
      }
    }
    this.#last = bottom;
    if (bottom) bottom.next = undefined;
  }

  #unlink(r: Run): void {
    if (r.previous) r.previous.next = r.next;
    if (r.next) r.next.previous = r.previous;
  }
}

const escapable = /^[*_~`[\]<@]$/;
const startsBlock = /^[>+#-]$/;
const space = /^\s$/;
const punctuation = /^[\p{P}\p{S}\ud800-\udfff]$/u;

/** CommonMark's rule of three for * and _: the lengths of two runs that can both open and close must not add up to a multiple of three. */
const fits = (o: Run, c: Run) => o.opens && o.mark === c.mark && !((o.closes || c.opens) && (o.length + c.length) % 3 === 0 && o.length % 3 !== 0);

/** Builds the tree from the pieces. What exceeds the depth or the budget stays text. */
class Elements {
  #budget: Budget;
  #children: Inline[] = [];
  #open: ({ before: Inline[]; href: string | undefined } | undefined)[] = []; // undefined: the bracket is text
  #depth = 0;
  #links = 0;
  #text = "";
  #ats: number[] = []; // the positions in #text of each @ that may name somebody

  constructor(budget: Budget) {
    this.#budget = budget;
  }

  of(pieces: readonly Piece[]): Inline[] {
    for (const p of pieces) {
      this.#budget.step();
      switch (p.type) {
        case "text":
          this.#text += p.text;
          break;
        case "at":
          if (!this.#links) this.#ats.push(this.#text.length);
          this.#text += "@";
          break;
        case "whole":
          if (this.#budget.element()) this.#push(p.node);
          else this.#text += p.raw;
          break;
        case "bracket":
          if (p.href === undefined) this.#text += "[";
          else this.#begin("[", p.href);
          break;
        case "linkEnd":
          this.#end("link", p.raw);
          break;
        case "run":
          for (const kind of p.closing) this.#end(kind, marks(p, kind));
          this.#text += p.mark.repeat(p.left);
          for (const kind of p.opening.reverse()) this.#begin(marks(p, kind));
      }
    }
    this.#flush();
    return this.#children;
  }

  #begin(raw: string, href?: string): void {
    this.#budget.step();
    if (this.#depth >= maxDepth || !this.#budget.element()) {
      this.#text += raw;
      this.#open.push(undefined);
      return;
    }
    this.#flush();
    this.#open.push({ before: this.#children, href });
    this.#children = [];
    this.#depth++;
    if (href !== undefined) this.#links++;
  }

  #end(type: Emphasis | "link", raw: string): void {
    this.#budget.step();
    const open = this.#open.pop();
    if (!open) {
      this.#text += raw;
      return;
    }
    this.#flush();
    const children = this.#children;
    this.#children = open.before;
    this.#depth--;
    if (type === "link") {
      this.#links--;
      this.#children.push({ type, href: open.href!, children });
    } else this.#children.push({ type, children });
  }

  #push(node: Inline): void {
    this.#flush();
    this.#children.push(node);
  }

  #flush(): void {
    const text = this.#text, ats = this.#ats;
    this.#budget.step(text.length);
    this.#text = "";
    this.#ats = [];
    let from = 0;
    const put = (to: number) => to > from && this.#children.push({ type: "text", text: text.slice(from, to) });
    for (const at of ats) {
      const handles = handlesAt(text, at + 1);
      if (!handles.length) continue;
      if (!this.#budget.element()) break;
      put(at);
      from = at + 1 + handles[0]!.length;
      this.#children.push({ type: "mention", handles, text: text.slice(at, from) });
    }
    put(text.length);
  }
}

const marks = (r: Run, kind: Emphasis) => r.mark.repeat(kind === "italic" ? 1 : 2);
