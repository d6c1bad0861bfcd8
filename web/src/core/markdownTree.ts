// What a text is read into.
export type Inline =
  | { type: "text"; text: string }
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
