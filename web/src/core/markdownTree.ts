// The tree of a parsed text.
export type Inline =
  | { type: "text"; text: string }
  | { type: "bold" | "italic" | "strike"; children: readonly Inline[] }
  | { type: "code"; text: string }
  | { type: "link"; href: string; children: readonly Inline[] }
  /** A handle in lower case. It is a mention only if the message's mentions include its user. */
  | { type: "mention"; handle: string; text: string };

export type Block =
  | { type: "paragraph"; children: readonly Inline[] }
  | { type: "quote"; children: readonly Block[] }
  | { type: "list"; ordered: boolean; start: number; items: readonly (readonly Block[])[] }
  | { type: "fence"; language: string; text: string };
