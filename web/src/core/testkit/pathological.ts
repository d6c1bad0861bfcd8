// Texts that are expensive to parse, for the tests and for bench/markdown.ts.

const size = 16 * 1024;
export const filled = (s: string, to = size) => s.repeat(to / s.length + 1).slice(0, to);
/** Fragments that make naive Markdown parsers scan the same text again and again. */
export const pathological = ["*", "*a ", "a* ", "*_~~", "**a *b ", "a**b", "*a_ ", "*a_", "_a*", "**a_", "*a__", "*é_", "_a ", "~~a ", "[", "[a](", "[a](<b", "[a](b (", "[](", "![[]()", "]", "`", "` ``", ">", "> ", "- ", "* 1. ", "- > ", "> - a\n", "> a\n\n- b\n",
  "- a\n", "- a\n\n", "1. a\n", "- [ ] a\n", "> a\n", "a\n\n", "a\n", "```\n", "# a\n", "# #", "a\n=\n", "|a|b|\n|-|-|\n", "|a|\n|-|\n\n", "|`", "|-", "\\|", "<", "<div>\n", "<!--", "<a@b", "&", "\\", "http://a.b/ ", "http://a((((", "www.", "a@b.", "@", "@a.",
  "[a]: b\n", " ", "\n", "\t- ", "    a\n", "é", "\u0000", "Hello **there**, see `code` and [x](http://a.b).\n\n- one\n- two\n\n> quote\n\n"];

/** Characters with a meaning in Markdown, and neighbours for them. */
export const signs = ["*", "_", "~", "~~", "`", "```", "[", "](", ")", "(", "<", ">", "> ", "- ", "1. ", "!", "\\", "@", ":", "#", "|", "a", "é", "好", "👍", "\n", " ", "\t", "http://a", "www.", ".", "\""];
