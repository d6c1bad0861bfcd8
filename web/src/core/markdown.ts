// The Markdown of chat as a tree. There is no HTML in it, on the way in or out: the
// view makes elements of it. Anybody may write anything, so a text costs at most a
// fixed number of steps for each of its characters and makes a bounded number of elements.
import { readBlocks } from "./markdownBlocks.ts";
import { Budget, OutOfSteps } from "./markdownBudget.ts";
import type { Block } from "./markdownTree.ts";

const stepsPerChar = 64;
const stepsAtLeast = 1024; // of a short text
const maxCachedChars = 512 * 1024; // characters of the texts whose trees are kept
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

/** The trees of the texts that were shown last, the latest at the end. */
const cache = new Map<string, readonly Block[]>();
let cachedChars = 0;

/** parse returns the tree of a text. A row that comes back into view is not read again. */
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
