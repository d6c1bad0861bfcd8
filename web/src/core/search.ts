// Finding by what one types: chats and people, tolerant of slips, and what the
// composer completes. A typo-tolerant search library costs more than all of this,
// and none puts the beginning of a word first and forgives its first letter.

/** Small letters without accents. */
export function normalize(text: string): string {
  return text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
}

/**
 * How well text answers the query, more is better, 0 not at all. Each word of the query must be found: as a word,
 * as the beginning of one, with slips, or inside one. One slip is forgiven from three letters on, two from eight on.
 * Two letters in the wrong order are half a slip: "gradn" is the garden, "general" is nothing generic.
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
 * How many letters of a were added, lost or exchanged, or changed places with the next, which counts half, seen from
 * the beginning of b that is nearest to it; more than most is not counted. (Optimal string alignment.)
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

/** The things that answer the query, best first; of equals the earlier. */
export function fuzzyFind<T>(query: string, things: readonly T[], texts: (t: T) => readonly string[], limit = 20): T[] {
  return things
    .map((thing) => ({ thing, score: Math.max(...texts(thing).map((t) => matchScore(query, t))) }))
    .filter((x) => x.score > 0)
    .sort((a, b) => b.score - a.score)
    .slice(0, limit)
    .map((x) => x.thing);
}

/** What stands before the caret and can be completed: from where to where, and what was typed after the sign. */
export interface Completion { kind: "mention" | "emoji"; from: number; to: number; query: string }

export function completionAt(text: string, caret: number): Completion | undefined {
  const before = text.slice(Math.max(0, caret - 40), caret);
  const m = /(?<![\p{L}\p{N}_])(?:@([\p{L}\p{N}_.-]*)|:([\p{L}\p{N}_+-]{2,}))$/u.exec(before);
  if (!m) return undefined;
  const query = m[1] ?? m[2]!;
  return { kind: m[1] === undefined ? "emoji" : "mention", from: caret - query.length - 1, to: caret, query };
}

/** The text and the caret after the completion was taken. */
export function applyCompletion(text: string, c: Completion, by: string): { text: string; caret: number } {
  const rest = text.slice(c.to);
  const put = by + (/^\s/.test(rest) ? "" : " ");
  return { text: text.slice(0, c.from) + put + rest, caret: c.from + by.length + 1 };
}
