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

/** Reports whether a reader sees anything of s. */
export const visible = (s: string): boolean => /[^\s\p{Cc}\p{Default_Ignorable_Code_Point}\u2800\ufff9-\ufffb]/u.test(s);
