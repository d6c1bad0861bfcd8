// The formats of the toolbar and their shortcuts.

/** What a shortcut or a button of the toolbar does to the selection. */
export const formats = ["bold", "italic", "strike", "link", "code", "codeBlock", "bullets", "numbers", "quote"] as const;
export type Format = (typeof formats)[number];

/** The shortcuts, which have Ctrl or Cmd; a digit or X has Shift, too. */
export const formatKeys: Readonly<Partial<Record<Format, string>>> = { bold: "B", italic: "I", strike: "Shift+X", link: "K", code: "E", numbers: "Shift+7", bullets: "Shift+8", quote: "Shift+9" };

export const isMac = /^(?:Mac|iP)/.test(navigator.platform);
