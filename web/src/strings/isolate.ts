const rightToLeft = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\u{10800}-\u{10fff}\u{1e800}-\u{1efff}]/u;

/**
 * Returns a name for a place within a sentence or a list of plain text. A name that holds right-to-left
 * letters is isolated, so that it does not change the order of what stands around it.
 */
export const isolate = (name: string): string => (rightToLeft.test(name) ? `\u2068${name.replace(/[\u2066-\u2069]/g, "")}\u2069` : name);
