// Finds where a text may name somebody, as the server does (textrule/mention.go). Both read the cases in
// textrule/testdata/mentions.json.
const maxHandle = 32;
const handleChars = /[0-9A-Za-z_.-]*/y;
const handle = /^[0-9a-z][0-9a-z_.-]*[0-9a-z_-]$/;
const separators = "_-.";
const mark = /^\p{M}$/u;
const wordly = /^[\p{L}\p{N}\p{M}]$/u;
/** The scripts that do not separate words, and Hangul: Korean appends particles to a name. */
export const unspaced = /^[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Bopomofo}\p{Script=Hangul}\p{Script=Yi}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}\p{Script=Tibetan}\p{Script=Javanese}]$/u;

/** Reports whether a handle beside the character would be a part of its word. */
export const inWord = (char: string) => wordly.test(char) && !unspaced.test(char);

/** Reports whether the @ at a position may name somebody. Underscores before it are emphasis. step is called for each character passed. */
export function mayName(src: string, at: number, step = () => {}): boolean {
  let end = at;
  for (; src[end - 1] === "_"; end--) step();
  let last = charBefore(src, end);
  for (; mark.test(last); last = charBefore(src, end)) {
    step();
    end -= last.length;
  }
  return last === "" || (!inWord(last) && !"/@.-".includes(last));
}

export const charAt = (src: string, at: number): string => String.fromCodePoint(src.codePointAt(at) ?? 0x20);

export function charBefore(src: string, end: number): string {
  const pair = src.slice(Math.max(0, end - 2), end);
  return pair.length === 2 && /^[\ud800-\udbff][\udc00-\udfff]$/.test(pair) ? pair : src.slice(Math.max(0, end - 1), end);
}

/** Returns the handles that begin at a position, the longest first, in lower case. */
export function handlesAt(text: string, at: number): string[] {
  handleChars.lastIndex = at;
  const all = handleChars.exec(text)![0];
  const next = charAt(text, at + all.length);
  const found: string[] = [];
  for (let n = Math.min(all.length, maxHandle); n > 1; n--) {
    const ends = n < all.length ? separators.includes(all[n]!) : !inWord(next);
    const h = all.slice(0, n).toLowerCase();
    if (ends && handle.test(h)) found.push(h);
  }
  return found;
}
