// Measures how long the worst texts of 16 KiB take to parse as Markdown.
import { parse } from "../src/core/markdown.ts";
import { filled, pathological } from "../src/core/testkit/pathological.ts";

const rounds = 5;
const once = (text: string) => {
  const from = performance.now();
  parse(text);
  return performance.now() - from;
};

/** Returns the time of each text after a warm-up, the slowest first. */
export function texts(): { part: string; ms: number }[] {
  for (let i = 0; i < 3; i++) for (const part of pathological) once(filled(part));
  return pathological.map((part) => ({ part, ms: Math.min(...Array.from({ length: rounds }, () => once(filled(part)))) })).sort((a, b) => b.ms - a.ms);
}
