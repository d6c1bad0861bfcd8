import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { parse, read } from "./markdown.ts";
import { withLinks } from "./markdownLinks.ts";
import type { Block, Inline } from "./markdownTree.ts";
import { filled, pathological, signs } from "./testkit/pathological.ts";
import { Random } from "./testkit/random.ts";

/** Prints the tree on one line: b( i( s( for emphasis, ` for code, / for a new line. */
const inline = (all: readonly Inline[]): string => all.map((n) => {
  switch (n.type) {
    case "text": return n.text.replaceAll("\n", "/");
    case "code": return "`" + n.text + "`";
    case "mention": return `@(${n.handles[0]})`;
    case "link": return `<${n.href}|${inline(n.children)}>`;
    default: return `${n.type[0]}(${inline(n.children)})`;
  }
}).join("");
const block = (all: readonly Block[]): string => all.map((b) => {
  switch (b.type) {
    case "paragraph": return inline(b.children);
    case "quote": return `q(${block(b.children)})`;
    case "fence": return `[${b.language}|${b.text}]`;
    case "heading": return `h${b.level}(${inline(b.children)})`;
    case "list": return b.items.map((item, i) => `${b.ordered ? b.numbers[i]! + b.kind : "-"}${b.done[i] === undefined ? "" : b.done[i] ? "x" : "o"}(${block(item)})`).join(" ");
    case "table": return `${b.columns.map((c) => `t${c?.[0] ?? ""}`).join("")}${b.rows.map((r) => `{${r.map(inline).join("|")}}`).join("")}`;
  }
}).join(" ¶ ");
const shown = (text: string) => block(parse(text));

test.each([
  ["a *b* **c** ~~d~~ `e` _f_ __g__ ***h***", "a i(b) b(c) s(d) `e` i(f) b(g) i(b(h))"],
  ["snake_case_name, 2*3*4, a**b**c, 5 * 6 * 7, ~x~", "snake_case_name, 2*3*4, a**b**c, 5 * 6 * 7, ~x~"],
  ["(*a*) \"**b**\" *c*, d", "(i(a)) \"b(b)\" i(c), d"],
  ["a\nb  \nc\n\nd", "a/b/c ¶ d"],
  ["*a\nb*", "i(a/b)"],
  ["\\*a\\* \\`b\\`", "*a* `b`"],
  ["``a ` b``", "`a ` b`"],
  ["> q\n> r\n\nx\n> y", "q(q/r) ¶ x ¶ q(y)"],
  ["- a\n- b\n  1. c\n\n3) x\n4) y", "-(a) -(b ¶ 1.(c)) ¶ 3)(x) 4)(y)"],
  ["1984. Was good", "1984.(Was good)"],
  ["It was in\n1984. And good", "It was in/1984. And good"],
  ["text\n```js\na < b && `c`\n```\nafter", "text ¶ [js|a < b && `c`] ¶ after"],
  ["```\nopen\n\n*end*", "[|open\n\n*end*]"],
  ["**b** [l](http://x.y) *i*", "b(b) <http://x.y|l> i(i)"],
  ["[*a](http://x.y) b*", "<http://x.y|*a> b*"],
  ["见http://x.y 好", "见<http://x.y|http://x.y> 好"],
  ["- [ ] todo\n- [x] done", "-o(todo) -x(done)"],
])("%j", (text, tree) => expect(shown(text)).toBe(tree));

test("Markdown that chat does not support stays text", () => {
  for (const text of ["#no heading", "#", "####### seven", "a/---/b/===/***/c", "<b>x</b> &amp; a < b <!-- c --> <script>alert(1)</script>", "    indented", "<div>/x/</div>", "| a | b |/|---|", "a/---/1", "a | b", "[ref]: x/[ref]", "+1", "-", "\u00a0"]) {
    expect(shown(text.replaceAll("/", "\n")).replaceAll("\n", "/")).toBe(text);
  }
});

test("links are http, https and mailto only", () => {
  expect(shown("see http://a.b/x_y_z. (https://a.b/c) www.a.bc a@b.cd")).toBe(
    "see <http://a.b/x_y_z|http://a.b/x_y_z>. (<https://a.b/c|https://a.b/c>) <http://www.a.bc|www.a.bc> <mailto:a@b.cd|a@b.cd>");
  expect(shown("[*t* @x](HTTPS://a.b \"title\") <http://q.r>")).toBe("<HTTPS://a.b|i(t) @x> <http://q.r|http://q.r>");
  expect(shown("x <a b> http://q.r")).toBe("x <a b> <http://q.r|http://q.r>");
  expect(shown("![img](http://a.b/c.png)")).toBe("!<http://a.b/c.png|img>");
  for (const bad of ["[x](javascript:alert(1))", "[x](JaVaScRiPt:alert)", "[x](data:text/html,x)", "[x](//evil)", "[x](/c/1)", "[x](http:)", "[x](&#106;avascript:x)", "[x](<java\tscript:x>)", "<javascript:alert(1)>", "[x](vbscript:x)", "[x](<http://a b>)", "[x](http:)"]) {
    expect(shown(bad)).toBe(bad);
  }
});

test("a topic shows its addresses as links, and nothing else of Markdown", () => {
  const line = (text: string) => inline(withLinks(text));
  expect(line("*Soup* at https://a.b/c, or www.d.example: ask a@b.cd!")).toBe("*Soup* at <https://a.b/c|https://a.b/c>, or <http://www.d.example|www.d.example>: ask <mailto:a@b.cd|a@b.cd>!");
  for (const text of ["", "who knows", "javascript:alert(1) @ann [x](http:)"]) expect(line(text)).toBe(text);
});

test("mentions are parsed", () => {
  expect(shown("hi @Ann, @bob.smith. (@c-d_e) a@b @ **@xy** `@yy`\n@zz")).toBe("hi @(ann), @(bob.smith). (@(c-d_e)) a@b @ b(@(xy)) `@yy`/@(zz)");
});

/** Returns the mentions of a tree in their order. */
const mentionsOf = (all: readonly (Block | Inline)[]): readonly (readonly string[])[] => all.flatMap((n) =>
  n.type === "mention" ? [n.handles] : n.type === "list" ? n.items.flatMap(mentionsOf) : "children" in n ? mentionsOf(n.children) : []);

const typed = JSON.parse(readFileSync(new URL("testdata/typed.json", import.meta.url), "utf8")) as { cases: [string, string][] };

test.each(typed.cases)("a person who typed %j sees it", (text, seen) => expect(shown(text)).toBe(seen));

const cases = JSON.parse(readFileSync(new URL("../../../textrule/testdata/mentions.json", import.meta.url), "utf8")) as { users: string[]; strangers: string[]; cases: { text: string; names: string[]; why?: string }[] };

test.each(cases.cases)("the page and the server find the same mentions: $text", ({ text, names }) => {
  const exist = [...cases.users, ...cases.strangers];
  const found = mentionsOf(parse(text)).flatMap((handles) => handles.find((h) => exist.includes(h)) ?? []);
  expect([...new Set(found)].filter((h) => cases.users.includes(h))).toEqual(names);
});

const perChar = 40; // steps; with more than 64 the text would be plain
const stepsOf = (text: string) => {
  const { steps, plain } = read(text, Infinity);
  expect(plain).toBe(false);
  return steps / text.length;
};

test("the steps are linear in the length: all short words", { timeout: 60_000 }, () => {
  const over: string[] = [];
  const check = (word: string, size: number) => stepsOf(filled(word, size)) > perChar && over.push(word);
  for (const a of signs) {
    check(a, 16 * 1024);
    for (const b of signs) {
      check(a + b, 2 * 1024);
      for (const c of signs) check(a + b + c, 1024);
    }
  }
  expect(over).toEqual([]);
});

test("the steps are linear in the length: nested and random texts", { timeout: 60_000 }, () => {
  for (const [open, close] of [["*", "*"], ["*a _b ", " b_ a*"], ["[", "](http://a.b)"], ["> ", "a"], ["- ", "a"], ["<", ">"], ["`", "`"], ["(", ")"], ["![", "](b)"]] as const) {
    expect(stepsOf(filled(open, 8192) + "x" + filled(close, 8192)), open).toBeLessThan(perChar);
  }
  expect(stepsOf(Array.from({ length: 180 }, (_, i) => " ".repeat(i) + "- a").join("\n"))).toBeLessThan(perChar);
  const r = new Random(2);
  for (let i = 0; i < 300; i++) {
    const word = Array.from({ length: 4 + r.below(9) }, () => r.of(signs)).join("");
    for (const text of [filled(word), filled(Array.from({ length: 16 * 1024 }, () => r.of(signs)).join(""))]) {
      const { steps, plain, tree } = read(text);
      expect(steps, word).toBeLessThan(65 * text.length);
      if (plain) expect(shown(text), word).toBe(block([{ type: "paragraph", children: [{ type: "text", text }] }]));
      else expect(sizeOf(tree), word).toBeLessThanOrEqual(520);
    }
  }
});

test("a text with too many steps is plain text, complete", () => {
  const text = filled("**b** [a](b (");
  expect(read(text)).toEqual({ plain: true, steps: expect.any(Number) as number, tree: [{ type: "paragraph", children: [{ type: "text", text }] }] });
  expect(read("*a*", 3).tree).toEqual([{ type: "paragraph", children: [{ type: "text", text: "*a*" }] }]);
});

/** Returns the number of elements that the page renders for a tree. */
const sizeOf = (all: readonly (Block | Inline)[]): number => all.reduce((sum, n) => sum + (n.type === "text" ? 0 : 1) +
  (n.type === "table" ? 3 + n.rows.reduce((s, r) => s + 1 + r.reduce((t, c) => t + 1 + sizeOf(c), 0), 0) : n.type === "list" ? n.done.filter((d) => d !== undefined).length + n.items.reduce((s, i) => s + 1 + sizeOf(i), 0) : "children" in n ? sizeOf(n.children) : 0), 0);

test("a message has a bounded number of elements and its whole text", () => {
  for (const part of ["*a* ", "a\n\n", "- a\n", "- > a\n", "`a` ", "@a ", "[a](http://b.c) ", "> a\n\n", "a@b.cd ", "~~**_a_**~~ ", "```\na\n```\n", "# a\n", "- [ ] a\n", "a|\n-|\n\n", "|a|a|\n|-|-|\n|a|\n\n"]) {
    const tree = parse(filled(part));
    expect(sizeOf(tree), part).toBeLessThanOrEqual(520);
    expect(shown(filled(part)).split("a").length, part).toBeGreaterThanOrEqual(filled(part).split("a").length);
  }
});

test("parsed texts are cached, and the cache is bounded", () => {
  const text = "*kept*";
  const tree = parse(text);
  expect(parse(text)).toBe(tree);
  for (let i = 0; i < 100; i++) parse(filled(`${i} *a* `));
  expect(parse(text)).not.toBe(tree);
});

test("what exceeds the bounds is text, complete", () => {
  expect(shown(">".repeat(9) + " a")).toBe("q(q(q(q(q(q(>>> a))))))");
  expect(shown("*a _b ".repeat(9) + "x" + " b_ a*".repeat(9))).toBe("i(a i(b ".repeat(3) + "*a _b ".repeat(6) + "x" + " b_ a*".repeat(6) + " b) a)".repeat(3));
  expect(shown(filled("http://a(((("))).toBe(filled("http://a(((("));
  expect(shown("http://a.b/c_(d)_(e)")).toBe("<http://a.b/c_(d)_(e)|http://a.b/c_(d)_(e)>");
  const many = Array.from({ length: 3000 }, (_, i) => `- a${i}`).join("\n");
  expect(shown(many)).toMatch(/^-\(a0\) -\(a1\) .*\/- a2999$/);
});

test("16 KiB of each text of bench-web is parsed", () => {
  for (const part of pathological) expect(read(filled(part)).steps, part).toBeLessThan(65 * 16 * 1024);
});

test("no text breaks the parser", { timeout: 60_000 }, () => {
  const r = new Random(1);
  const parts = ["*", "_", "~~", "`", "```", "[", "](", ")", "<", ">", "> ", "- ", "1. ", "\n", "\n\n", "  ", "\t", "a", "B1", "http://x.y", "@ann", "\\", "!", "|", "#", "é", "👍", "\u00a0", "\f", "\r", "\u2028", "\ud800"];
  for (let i = 0; i < 3000; i++) shown(Array.from({ length: r.below(60) }, () => r.of(parts)).join(""));
});
