// Measures how long the worst texts of 16 KiB take to parse as Markdown.
import { parse } from "../src/core/markdown.ts";
import { filled, pathological } from "../src/core/testkit/pathological.ts";

const rounds = 5;
let shorter = 0;
const once = (part: string) => {
  const text = filled(part, 16 * 1024 - (shorter++ % 16)); // another text each time: parse returns the tree of one that it knows
  const from = performance.now();
  parse(text);
  return performance.now() - from;
};

/** Returns the time of each text after a warm-up, the slowest first. */
export function texts(): { part: string; ms: number }[] {
  for (let i = 0; i < 3; i++) for (const part of pathological) once(part);
  return pathological.map((part) => ({ part, ms: Math.min(...Array.from({ length: rounds }, () => once(part))) })).sort((a, b) => b.ms - a.ms);
}
