import { expect, test } from "vitest";
import { acceptCompletion, completionAt, shortcodeAt } from "./completion.ts";

test("a word with @ or colon before the caret can be completed", () => {
  const at = (s: string) => {
    const caret = s.indexOf("|");
    const c = completionAt(s.replace("|", ""), caret);
    return c && `${c.kind} ${c.from}-${c.to} ${c.query}`;
  };
  expect(at("@|")).toBe("mention 0-1 ");
  expect(at("hi @an|")).toBe("mention 3-6 an");
  expect(at("(@bob.sm|ith)")).toBe("mention 1-11 bob.sm"); // nothing of the word stays behind
  expect(at("@bo|b.")).toBe("mention 0-4 bo");
  expect(at("さん@bob|")).toBe("mention 2-6 bob");
  expect(at("@bo|さん")).toBe("mention 0-3 bo");
  expect(at("＠bo|")).toBe("mention 0-3 bo");
  expect(at(":smi|le: x")).toBe("emoji 0-7 smi");
  expect(at("@Ång|")).toBe("mention 0-4 Ång");
  expect(at(":smi|")).toBe("emoji 0-4 smi");
  expect(at("ok :+1|")).toBe("emoji 3-6 +1");
  expect(at("你好@an|")).toBe("mention 2-5 an");
  expect(at("_@an|")).toBe("mention 1-4 an");
  for (const not of ["a@b|", "/@an|", "@@an|", ".@an|", "é@an|", "@an |", "at 10:30|", ":s|", ":-D|", "std::vec|", "ActiveRecord::Base|", "deadline :10|", "\"a\":tr|", "注意:ok|", "a:bc|", "`@bo|", "```\n:smi|", "::|", "http://x|", "|@an", "@" + "x".repeat(60) + "|"]) expect(at(not)).toBeUndefined();
});

test("accepting a completion puts the caret after it and one space", () => {
  const take = (s: string, by: string) => {
    const at = s.indexOf("|"), text = s.replace("|", "");
    const c = completionAt(text, at)!, { insert, caret } = acceptCompletion(text, c, by);
    const done = text.slice(0, c.from) + insert + text.slice(c.to);
    return done.slice(0, caret) + "|" + done.slice(caret);
  };
  expect(take("hi @an|", "@ann")).toBe("hi @ann |");
  expect(take("hi @an| there", "@ann")).toBe("hi @ann |there");
  expect(take("(@an|)", "@ann")).toBe("(@ann|)");
  expect(take("@bo|bby", "@bob")).toBe("@bob |");
  expect(take("さん＠bo|", "@bob")).toBe("さん@bob |");
  expect(take(":smi|", "😄")).toBe("😄 |");
});

test("a shortcode ends at the caret, begins a word and is no code", () => {
  expect(shortcodeAt("a :smile:", 9)).toEqual({ from: 2, to: 9, code: "smile" });
  expect(shortcodeAt(":+1:", 4)).toEqual({ from: 0, to: 4, code: "+1" });
  for (const not of ["10:30:", "a::b:", "std::x:", "`:smile:", "::", ":a b:"]) expect(shortcodeAt(not, not.length), not).toBeUndefined();
});
