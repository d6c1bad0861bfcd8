// Fuzzy search for chats, people and emoji. A typo-tolerant search library is larger than this file,
// and none both ranks prefixes first and tolerates a wrong first letter.

/** Returns the text without case, accents and invisible characters, nearly as the server's search has it (textrule/fold.go). */
export function normalize(text: string): string {
  return text.normalize("NFKD").replace(/(?<=[\p{Script=Latin}\p{Script=Greek}\p{Script=Cyrillic}\p{Script=Arabic}\p{Script=Hebrew}]\p{Mn}*)\p{Mn}|\p{Default_Ignorable_Code_Point}/gu, "")
    .toLowerCase().normalize("NFKC").replace(/[ςßıøłđðħŧþæœ]/g, (c) => undivided[c]!);
}

const undivided: Record<string, string> = { ς: "σ", ß: "ss", ı: "i", ø: "o", ł: "l", đ: "d", ð: "d", ħ: "h", ŧ: "t", þ: "th", æ: "ae", œ: "oe" };

/**
 * Returns how well text matches the query; 0 is no match. Each word of the query must match: a word, a prefix, either
 * with typos, or a part of a word. One typo is allowed from three letters on, two from eight on. Two swapped letters
 * count half: "gradn" finds the garden, "general" does not find "generic".
 */
export function matchScore(query: string, text: string): number {
  const wanted = words(normalize(query)), there = words(normalize(text));
  let sum = 0;
  for (const w of wanted) {
    const best = Math.max(0, ...there.map((t, i) => wordScore(w, t) - Math.min(i, 9) / 100));
    if (!best) return 0;
    sum += best;
  }
  return wanted.length ? sum / wanted.length : 1;
}

function wordScore(wanted: string, there: string): number {
  if (there === wanted) return 5;
  if (there.startsWith(wanted)) return 4;
  const slips = wanted.length >= 8 ? 2 : wanted.length >= 5 ? 1.5 : wanted.length >= 3 ? 1 : 0;
  const made = slips ? typosIn(wanted, there, slips) : Infinity;
  if (made <= slips) return 3 - made;
  return wanted.length >= 2 && there.includes(wanted) ? 0.5 : 0;
}

const words = (text: string) => text.split(/[^\p{L}\p{N}]+/u).filter(Boolean).slice(0, 20).map((w) => w.slice(0, 40));

/**
 * Returns the number of typos between a and the prefix of b that is nearest to it: letters added, lost or replaced;
 * swapped neighbours count half. Infinity if there are more than most. (Optimal string alignment.)
 */
function typosIn(a: string, b: string, most: number): number {
  if (b.length < a.length - most) return Infinity;
  const width = Math.min(b.length, a.length + Math.floor(most));
  let before: number[] = [], last = Array.from({ length: width + 1 }, (_, j) => j), leastBefore = 0;
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    let least = i;
    for (let j = 1; j <= width; j++) {
      let n = Math.min(last[j]! + 1, row[j - 1]! + 1, last[j - 1]! + Number(a[i - 1] !== b[j - 1]));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) n = Math.min(n, before[j - 2]! + 0.5);
      row.push(n);
      least = Math.min(least, n);
    }
    if (Math.min(least, leastBefore + 0.5) > most) return Infinity;
    leastBefore = least;
    before = last;
    last = row;
  }
  return Math.min(...last);
}

/** Returns the things that match the query, best first; equals keep their order. */
export function fuzzyFind<T>(query: string, things: readonly T[], texts: (t: T) => readonly string[], limit = 20): T[] {
  return things
    .map((thing) => ({ thing, score: Math.max(...texts(thing).map((t) => matchScore(query, t))) }))
    .filter((x) => x.score > 0)
    .sort((a, b) => b.score - a.score)
    .slice(0, limit)
    .map((x) => x.thing);
}
