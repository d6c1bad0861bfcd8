// Writes textrule/emoji.txt, the emoji that the server takes as reactions: the fully-qualified ones of
// Unicode's emoji-test.txt, as emojibase-data has them. Run it after an update of that package.
import { readFileSync, writeFileSync } from "node:fs";

const data = (path) => JSON.parse(readFileSync(new URL(`../node_modules/emojibase-data/${path}.json`, import.meta.url), "utf8"));
const fullyQualified = 0, textStyle = "FE0E";
const components = 2; // the group of skin tones and hair

/** For each emoji the ways of writing it, with Unicode's status of each. */
const forms = data("meta/hexcodes");

/** The shortest fully-qualified form: some emoji also have one with a superfluous variation selector. */
function signOf({ hexcode }) {
  const [hex] = Object.entries(forms[hexcode]).filter(([form, status]) => status === fullyQualified && !form.includes(textStyle)).map(([form]) => form).sort((a, b) => a.length - b.length);
  return String.fromCodePoint(...hex.split("-").map((h) => parseInt(h, 16)));
}

const lines = data("en/compact").filter((e) => e.group !== undefined && e.group !== components)
  .sort((a, b) => a.order - b.order)
  .map((e) => [e, ...(e.skins ?? [])].map(signOf).join(" "));
writeFileSync(new URL("../../textrule/emoji.txt", import.meta.url), lines.join("\n") + "\n");
