// Parses the Markdown of chat into a tree, from which the view creates elements. HTML is text, in and
// out. Texts are untrusted: each costs at most a fixed number of steps per character and creates a
// bounded number of elements.
import { readBlocks } from "./markdownBlocks.ts";
import { Budget, OutOfSteps } from "./markdownBudget.ts";
import type { Block } from "./markdownTree.ts";

const stepsPerChar = 64;
const stepsAtLeast = 1024; // for short texts
const maxCachedChars = 512 * 1024; // of the cached texts
const maxCachedTrees = 500;

/** read returns the tree of a text, or all of it as one plain paragraph when the steps do not suffice. */
export function read(text: string, most = text.length * stepsPerChar + stepsAtLeast): { tree: readonly Block[]; steps: number; plain: boolean } {
  const budget = new Budget(most);
  try {
    return { tree: readBlocks(text.replace(/\r\n?/g, "\n").split("\n"), budget), steps: budget.steps, plain: false };
  } catch (e) {
    if (!(e instanceof OutOfSteps)) throw e;
    return { tree: [{ type: "paragraph", children: [{ type: "text", text }] }], steps: budget.steps, plain: true };
  }
}

/** The trees of the texts that were rendered last, the latest at the end. */
const cache = new Map<string, readonly Block[]>();
let cachedChars = 0;

/** parse returns the tree of a text, from a cache if it was parsed lately. */
export function parse(text: string): readonly Block[] {
  let tree = cache.get(text);
  if (tree) cache.delete(text);
  else {
    tree = read(text).tree;
    cachedChars += text.length;
  }
  cache.set(text, tree);
  for (const [oldest] of cache) {
    if (cachedChars <= maxCachedChars && cache.size <= maxCachedTrees) break;
    cache.delete(oldest);
    cachedChars -= oldest.length;
  }
  return tree;
}
