// The tree of a parsed text.
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
  /** kind: the sign of its markers; numbers: those of its items, as they were written. */
  | { type: "list"; ordered: boolean; kind: string; numbers: readonly number[]; items: readonly (readonly Block[])[] }
  | { type: "fence"; language: string; text: string };
