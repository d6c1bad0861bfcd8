// Where a text may be cut, and whether it shows anything; the server has the same rules (textrule/).

const graphemes = new Intl.Segmenter(undefined, { granularity: "grapheme" });
const encoder = new TextEncoder();
const bytesOf = (s: string) => encoder.encode(s).length;
const charsOf = (s: string) => s.length;

/** Returns the beginning of s, at most that many UTF-16 units, without splitting what a reader sees as one character. */
export const cut = (s: string, most: number): string => cutBy(s, most, charsOf);

/** Returns the beginning of s, at most that many bytes of UTF-8, without splitting what a reader sees as one character. */
export const cutBytes = (s: string, most: number): string => cutBy(s, most, bytesOf);

function cutBy(s: string, most: number, size: (s: string) => number): string {
  if (size(s) <= most) return s;
  const head = s.slice(0, most + 2); // with the whole character that crosses the limit: no more decides where a cluster ends
  return wholes(Array.from(graphemes.segment(head), (g) => g.segment), most, size) || wholes([...head], most, size);
}

/** Joins parts while they fit. */
function wholes(parts: readonly string[], most: number, size: (s: string) => number): string {
  let all = "", used = 0;
  for (const part of parts) {
    used += size(part);
    if (used > most) break;
    all += part;
  }
  return all;
}

const seen = /[!-~]|[^\s\p{Cc}\p{Default_Ignorable_Code_Point}\u2800\ufff9-\ufffb]/u; // compiled once: the composer asks for every keystroke

/** Reports whether a reader sees anything of s. */
export const visible = (s: string): boolean => seen.test(s);

const emoji = String.raw`(?:\p{RI}\p{RI}|[0-9#*]\ufe0f\u20e3|(?![0-9#*\p{RI}])(?:\p{Emoji_Presentation}|\p{Emoji}\ufe0f|\p{Emoji_Modifier_Base}(?=\p{Emoji_Modifier}))\p{Emoji_Modifier}?[\u{e0020}-\u{e007f}]*(?:\u200d\p{Emoji}\ufe0f?\p{Emoji_Modifier}?)*)`;
const fewEmoji = new RegExp(`^\\s*(?:${emoji}\\s*){1,3}$`, "u");
const longestFew = 150; // UTF-16 units of three families with spaces

/** Reports whether a text is one to three emoji and nothing else. */
export const isFewEmoji = (s: string): boolean => s.length <= longestFew && !/\p{L}/u.test(s) && fewEmoji.test(s);

const stackedMarks = /[\p{M}\p{Cf}]{3}/u;

/** Reports whether a text has marks that may paint over the line above or below. */
export const hasStackedMarks = (s: string): boolean => stackedMarks.test(s);

const hidden = /(?![\u200c\u200d\p{Variation_Selector}\u{e0020}-\u{e007f}\u0600-\u0605\u06dd\u070f\u0890\u0891\u08e2\u{110bd}\u{110cd}])[\p{Default_Ignorable_Code_Point}\p{Cf}\p{Cs}\p{Noncharacter_Code_Point}\u2800]/gu;
// A joiner or a variation selector after a letter of a script that does not use them.
const needless = /(?<=[\s\p{sc=Latn}\p{sc=Grek}\p{sc=Cyrl}\p{sc=Armn}\p{sc=Geor}\p{sc=Hebr}\p{sc=Hang}\p{sc=Hira}\p{sc=Kana}\p{sc=Thai}\p{sc=Laoo}])[\u200c\u200d\p{Variation_Selector}]+/gu;

/** Returns a text as one line, without the characters that the server refuses in a line; empty if nothing of it is visible. */
export function oneLine(s: string): string {
  const line = s.replace(hidden, "").replace(needless, "").replace(/[\s\p{Cc}]+/gu, " ").trim();
  return visible(line) ? line : "";
}
