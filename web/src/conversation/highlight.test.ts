import { expect, test } from "vitest";
import { highlight } from "./highlight.ts";

test("code is cut into kinds, and no character is lost", () => {
  const code = 'const a = "x"; // note\n';
  const tokens = highlight("JS", code)!;
  expect(tokens.map((t) => t.text).join("")).toBe(code);
  expect(tokens.filter((t) => t.kind).map((t) => [t.kind, t.text])).toEqual([["keyword", "const"], ["string", '"x"'], ["comment", "// note"]]);
});

test("the names that people write are known", () => {
  for (const name of ["js", "ts", "tsx", "sh", "bash", "py", "go", "rs", "yml", "yaml", "json", "html", "sql", "toml", "diff", "docker", "Dockerfile", "c++", "cs", "rb", "kt", "make"]) expect(highlight(name, "a"), name).toBeDefined();
});

test("an unknown language and a very long code stay plain", () => {
  expect(highlight("constructor", "a")).toBeUndefined();
  expect(highlight("", "a")).toBeUndefined();
  expect(highlight("js", "a ".repeat(5000))).toBeUndefined();
});
