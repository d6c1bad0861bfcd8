// How long the worst texts of 16 KiB take to be read as Markdown: the budget is 16 ms.
// cd web && npx vite build --ssr bench/markdown.ts --outDir node_modules/.bench --logLevel warn && node node_modules/.bench/markdown.js
import { parse } from "../src/core/markdown.ts";
import { filled, nasty } from "../src/core/testkit/nasty.ts";

const rounds = 5;
const once = (text: string) => {
  const from = performance.now();
  parse(text);
  return performance.now() - from;
};
for (let i = 0; i < 3; i++) for (const part of nasty) once(filled(part)); // until the code is warm
const worst = nasty.map((part) => ({ part, ms: Math.min(...Array.from({ length: rounds }, () => once(filled(part)))) })).sort((a, b) => b.ms - a.ms);
for (const { part, ms } of worst.slice(0, 10)) console.log(`${ms.toFixed(1).padStart(6)} ms  ${JSON.stringify(part)} over and over`);
