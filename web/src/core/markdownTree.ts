// The tree of a parsed text.

/** The alignment of a column; undefined: as the text runs. */
export type Align = "left" | "center" | "right" | undefined;

export type Inline =
  | { type: "text"; text: string }
  | { type: "bold" | "italic" | "strike"; children: readonly Inline[] }
  | { type: "code"; text: string }
  | { type: "link"; href: string; children: readonly Inline[] }
  /** An @ and what may be a handle. It names the user of the first of the handles that somebody has, if the message's mentions include that user. */
  | { type: "mention"; handles: readonly string[]; text: string };

export type Block =
  | { type: "paragraph"; children: readonly Inline[] }
  | { type: "quote"; children: readonly Block[] }
  | { type: "heading"; level: number; children: readonly Inline[] }
  /** kind: the sign of its markers; numbers: those of its items, as they were written; done: of items that are tasks. */
  | { type: "list"; ordered: boolean; kind: string; numbers: readonly number[]; items: readonly (readonly Block[])[]; done: readonly (boolean | undefined)[] }
  /** Each row has one cell for each column; the first row is the head. */
  | { type: "table"; columns: readonly Align[]; rows: readonly (readonly (readonly Inline[])[])[] }
  | { type: "fence"; language: string; text: string };
