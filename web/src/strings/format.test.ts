import { expect, test } from "vitest";
import { formatOf } from "./format.ts";

test("a sentence with a number takes the form that the language's plural rules name", () => {
  const english = formatOf("en"), polish = formatOf("pl");
  const members = { one: "# member", other: "# members" };
  expect([0, 1, 2, 1234].map((n) => english.plural(n, members))).toEqual(["0 members", "1 member", "2 members", "1,234 members"]);
  const files = { one: "# plik", few: "# pliki", many: "# plików", other: "# pliku" };
  expect([1, 3, 5, 22].map((n) => polish.plural(n, files))).toEqual(["1 plik", "3 pliki", "5 plików", "22 pliki"]);
});

test("lists are written as the language writes them", () => {
  expect(formatOf("en-GB").list(["Ann", "Bob", "Cleo"])).toBe("Ann, Bob and Cleo");
  expect(formatOf("de").list(["Ann", "Bob"])).toBe("Ann und Bob");
  expect(formatOf("en-GB").series(["Ann", "Bob", "Cleo"])).toBe("Ann, Bob, Cleo");
});
