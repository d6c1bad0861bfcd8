// The Markdown of chat as a tree. There is no HTML in it, on the way in or out: who
// shows it makes elements of it. Marked reads the text; what chat does not have is
// taken out of it, and its work is bounded, for anybody may write anything.
import { Lexer, type MarkedToken, type Token, Tokenizer, type Tokens } from "marked";

export type Inline =
  | { type: "text"; text: string }
  | { type: "break" }
  | { type: "bold" | "italic" | "strike"; children: readonly Inline[] }
  | { type: "code"; text: string }
  | { type: "link"; href: string; children: readonly Inline[] }
  /** Perhaps a user's handle, in small letters; the message's mentions know. */
  | { type: "mention"; handle: string; text: string };

export type Block =
  | { type: "paragraph"; children: readonly Inline[] }
  | { type: "quote"; children: readonly Block[] }
  | { type: "list"; ordered: boolean; start: number; items: readonly (readonly Block[])[] }
  | { type: "fence"; language: string; text: string };

export function parse(text: string): readonly Block[] {
  return blocks(new ChatLexer({ gfm: true, tokenizer: new ChatTokenizer() }).lex(text));
}

const maxDepth = 6; // of lists and quotes, and of emphasis, within each other
const maxBlocks = 500; // lines of lists and quotes, paragraphs and fences; what follows is one paragraph
const maxBrackets = 100; // in a bare link; one with more is text
const maxWork = 64_000_000; // characters that delimiters are looked for in: some 5 ms, and 50 times what a text of 16 KiB needs

class ChatLexer extends Lexer {
  #work = maxWork;

  /** Each delimiter may make marked look through all of the text. */
  override inlineTokens(src: string, tokens: Token[] = []): Token[] {
    this.#work -= src.length * (src.match(/[*_~[<`]/g)?.length ?? 0);
    if (this.#work >= 0) return super.inlineTokens(src, tokens);
    tokens.push({ type: "text", raw: src, text: src });
    return tokens;
  }
}

const none = () => undefined;

/** Marked without what chat does not have: where a method gives undefined, the characters are text. */
class ChatTokenizer extends Tokenizer {
  #depth = 0;
  #blocks = maxBlocks;

  override heading = none;
  override lheading = none;
  override hr = none;
  override html = none;
  override tag = none;
  override def = none;
  override table = none;
  override code = none;

  override blockquote(src: string) {
    return / {0,3}>/y.test(src) ? this.#within(() => this.#spend(super.blockquote(this.#affordable(src)))) : undefined;
  }

  override list(src: string) {
    return / {0,3}([*+-]|\d{1,9}[.)])[ \t]/y.test(src) ? this.#within(() => this.#spend(super.list(this.#affordable(src)))) : undefined;
  }

  override fences(src: string) {
    this.#blocks--;
    return this.#blocks > 0 ? super.fences(src) : undefined;
  }

  /** Up to a blank line, or to one that begins another block of chat. */
  override paragraph(src: string): Tokens.Paragraph {
    const raw = this.#blocks > 0 ? paragraph.exec(src)![0] : src;
    const text = raw.trimEnd() || raw;
    return { type: "paragraph", raw, text, tokens: this.lexer.inline(text) };
  }

  override link(src: string) {
    return src[0] === "!" ? undefined : super.link(src);
  }

  /** For each bracket marked looks through the rest of a bare link. */
  override url(src: string) {
    const run = /^(?:https?:\/\/|www\.)[^\s<]*/i.exec(src)?.[0];
    if (!run || run.split("(", maxBrackets + 1).length <= maxBrackets) return super.url(src);
    return { type: "text", raw: run, text: run } as unknown as Tokens.Link;
  }

  override del(src: string, masked: string, before: string) {
    return src.startsWith("~~") ? this.#within(() => super.del(src, masked, before)) : undefined;
  }

  /** A star between letters or digits multiplies: then all stars of its run are text. */
  override emStrong(src: string, masked: string, before: string) {
    const found = this.#within(() => super.emStrong(src, masked, before));
    if (!found || src[0] !== "*" || !(wordly.test(before) || wordly.test(src[found.raw.length] ?? ""))) return found;
    const raw = /^\*+/.exec(src)![0];
    return { type: "text", raw, text: raw } as unknown as Tokens.Em;
  }

  /** As many lines as may still be looked at for their structure. */
  #affordable(src: string): string {
    let end = 0;
    for (let n = this.#blocks; n > 0 && end >= 0; n--) end = src.indexOf("\n", end) + 1 || -1;
    return end < 0 ? src : src.slice(0, end);
  }

  #spend<T extends Token>(t: T | undefined): T | undefined {
    this.#blocks -= t?.raw.split("\n").length ?? 0;
    return t;
  }

  #within<T>(read: () => T): T | undefined {
    if (this.#depth >= maxDepth) return undefined;
    this.#depth++;
    try {
      return read();
    } finally {
      this.#depth--;
    }
  }
}
const paragraph = /^[^\n]+(?:\n(?! {0,3}(?:>|[*+-][ \t]|1[.)][ \t]|```|~~~))[^\n]*[^ \t\n][^\n]*)*/;
const wordly = /^[\p{L}\p{N}]$/u;

function blocks(tokens: readonly Token[]): Block[] {
  const all: Block[] = [];
  let box = ""; // of a task, which is text here
  for (const t of tokens as MarkedToken[]) {
    switch (t.type) {
      case "code":
        all.push({ type: "fence", language: t.lang?.split(/\s/)[0] ?? "", text: t.text });
        break;
      case "blockquote":
        all.push({ type: "quote", children: blocks(t.tokens) });
        break;
      case "list":
        all.push({ type: "list", ordered: t.ordered, start: t.start || 1, items: t.items.map((i: Tokens.ListItem) => blocks(i.tokens)) });
        break;
      case "paragraph": case "text": {
        const children = inlines([...(box ? [{ type: "text", raw: box }] : []), ...(t.tokens ?? [t])]);
        box = "";
        all.push({ type: "paragraph", children });
        break;
      }
      case "checkbox":
        box = t.raw;
    }
  }
  return all;
}

function inlines(tokens: readonly Token[], inLink = false): Inline[] {
  return (tokens as MarkedToken[]).flatMap((t): Inline[] => {
    switch (t.type) {
      case "br":
        return [{ type: "break" }];
      case "strong":
        return [{ type: "bold", children: inlines(t.tokens, inLink) }];
      case "em":
        return [{ type: "italic", children: inlines(t.tokens, inLink) }];
      case "del":
        return [{ type: "strike", children: inlines(t.tokens, inLink) }];
      case "codespan":
        return [{ type: "code", text: t.text }];
      case "link":
        return safe.test(t.href) ? [{ type: "link", href: t.href, children: inlines(t.tokens, true) }] : [{ type: "text", text: t.raw }];
      case "escape":
        return [{ type: "text", text: t.text }];
      case "text":
        return inLink ? lines(t.raw) : mentions(t.raw);
    }
    return lines(t.raw);
  });
}
const safe = /^(https?:\/\/[^\s/]\S*|mailto:\S+)$/i;

/** As chat.Handles reads them: an @ inside a word names nobody. */
function mentions(text: string): Inline[] {
  const all: Inline[] = [];
  let from = 0;
  for (const m of text.matchAll(/(?<![\p{L}\p{N}_])@[0-9A-Za-z_.-]*[0-9A-Za-z_-]/gu)) {
    all.push(...lines(text.slice(from, m.index)));
    all.push({ type: "mention", handle: m[0].slice(1).toLowerCase(), text: m[0] });
    from = m.index + m[0].length;
  }
  all.push(...lines(text.slice(from)));
  return all;
}

/** In chat a new line is a new line. */
function lines(text: string): Inline[] {
  return text.split("\n").flatMap((line, i): Inline[] => [...(i ? [{ type: "break" } as const] : []), ...(line ? [{ type: "text", text: line } as const] : [])]);
}
