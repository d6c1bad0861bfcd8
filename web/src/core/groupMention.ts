// Finds @all and @here in a text, as the server does (textrule.GroupMention). Both read the cases in
// textrule/testdata/groupMentions.json.
import { parse } from "./markdown.ts";
import type { Block, Inline } from "./markdownTree.ts";
import type { GroupMention } from "./wire.ts";

/** Returns the word with which a text mentions all members; @all wins over @here. In quotes and code there is none. */
export function groupMention(text: string): GroupMention | undefined {
  if (!/@(all|here)/i.test(text)) return undefined;
  let found: GroupMention | undefined;
  const look = (nodes: readonly (Block | Inline)[]): void => {
    for (const n of nodes) {
      if (n.type === "mention") found = found === "all" ? found : (groupWord(n.handles) ?? found);
      else if (n.type === "list") n.items.forEach(look);
      else if (n.type === "table") n.rows.forEach((row) => row.forEach(look));
      else if ("children" in n && n.type !== "quote") look(n.children);
    }
  };
  look(parse(text));
  return found;
}

/** Returns the word of an @ with these handles, the longest first. */
export function groupWord([longest = ""]: readonly string[]): GroupMention | undefined {
  const word = longest.replace(/[-_.]+$/, "");
  return word === "all" || word === "here" ? word : undefined;
}
