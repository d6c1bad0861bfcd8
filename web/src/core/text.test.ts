import { expect, test } from "vitest";
import { cut, cutBytes, hasStackedMarks, visible, isFewEmoji, oneLine } from "./text.ts";

const family = "👩‍👩‍👧‍👦"; // 11 units, 25 bytes

test.each([
  ["abc", 3, "abc"], ["abcd", 3, "abc"], ["", 0, ""], ["abc", 0, ""],
  ["abe\u0301x", 3, "ab"], ["abe\u0301x", 4, "abe\u0301"],
  [`hi ${family}!`, 8, "hi "], [`hi ${family}!`, 14, `hi ${family}`],
  ["👍🏽👍🏽", 6, "👍🏽"], ["❤️❤️", 3, "❤️"], ["🇩🇪🇫🇷🇮🇹", 6, "🇩🇪"], ["ab\r\nc", 3, "ab"],
  [family, 4, "👩\u200d"], ["😀", 1, ""], ["e" + "\u0301".repeat(99), 10, "e" + "\u0301".repeat(9)],
])("cut(%j, %i)", (text, most, want) => expect(cut(text, most)).toBe(want));

test.each([
  ["abc", 3, "abc"], ["aé", 2, "a"], ["aé", 3, "aé"], ["abe\u0301x", 4, "ab"], [`hi ${family}!`, 27, "hi "], [`hi ${family}!`, 28, `hi ${family}`],
  ["👍🏽👍🏽", 9, "👍🏽"], ["🇩🇪🇫🇷🇮🇹", 12, "🇩🇪"], [family, 10, "👩\u200d"], ["e" + "\u0301".repeat(200), 201, "e" + "\u0301".repeat(100)],
])("cutBytes(%j, %i) is what the server quotes", (text, most, want) => expect(cutBytes(text, most)).toBe(want));

test("a text that shows nothing", () => {
  for (const text of ["", " \n\t", "\u200b", "\u202e\u2066", "\u2800", "\u3164", "\u00ad", "\ufe0f", "\u{e0041}", "\ufeff", "\u0000", "\u00a0\u3000"]) expect(visible(text), JSON.stringify(text)).toBe(false);
  for (const text of ["a", " . ", "❤️", "\u200bx", "字", "\u0301"]) expect(visible(text), JSON.stringify(text)).toBe(true);
});

test("one to three emoji and nothing else", () => {
  for (const few of ["👍", " 👍 ", "👍👍 👍", "❤️", "1️⃣", "🇩🇪🇫🇷", "👍🏽", "☝🏽", "👩‍👩‍👧‍👦👩🏽‍❤️‍💋‍👨🏻🏴󠁧󠁢󠁳󠁣󠁴󠁿", "🏳️‍🌈\n👩‍⚕️"]) expect(isFewEmoji(few), few).toBe(true);
  for (const not of ["", " ", "1", "12", "#", "*", "™", "a👍", "👍!", "👍👍👍👍", ":+1:", "🇩", "**👍**"]) expect(isFewEmoji(not), not).toBe(false);
});

test("marks are stacked from the third on", () => {
  for (const high of ["a\u0301\u0302\u0303", "Z" + "\u0300\u0301\u0302".repeat(9), "a\u0301\u200d\u0301"]) expect(hasStackedMarks(high), high).toBe(true);
  for (const flat of ["", "plain", "e\u0301a\u0301", "ệ", "ที่", "❤️‍🔥"]) expect(hasStackedMarks(flat), flat).toBe(false);
});

test.each([
  ["a bed of tulips", "a bed of tulips"], ["  two\r\nlines\t here ", "two lines here"], ["a\u202eb\u2067c\u200b", "abc"], ["שלום\u200f!", "שלום!"], [family, family], ["❤️", "❤️"], ["", ""], [" \n\u200b\u3164 ", ""],
  ["a\u061cb\u2800c\u034fd\ufff9e\uffff", "abcde"], ["a\ud800b", "ab"], ["wo\u200drd a \ufe0fb", "word a b"], ["می\u200cخواهم", "می\u200cخواهم"], ["1\ufe0f\u20e3 🏴󠁧󠁢󠁳󠁣󠁴󠁿", "1\ufe0f\u20e3 🏴󠁧󠁢󠁳󠁣󠁴󠁿"], ["\u0600١", "\u0600١"],
])("%j is the line %j", (s, line) => expect(oneLine(s)).toBe(line));
