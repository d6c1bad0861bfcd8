import { expect, test } from "vitest";
import { nextHandle, suggestHandle } from "./suggestHandle.ts";

test.each([
  ["Ann", "ann"], ["Ann Lee", "ann.lee"], ["  Anne-Marie   O'Brien ", "anne-marie.obrien"], ["José Núñez", "jose.nunez"], ["Straße Łódź", "strasse.lodz"],
  ["Юлия Щукина", "yuliya.shchukina"], ["Андрій Їжак", "andrii.izhak"], ["Γιώργος Παπαδόπουλος", "giorgos.papadopoylos"], ["Ａｎｎ", "ann"], ["R2 D2", "r2.d2"],
  ["王小明", ""], ["さくら", ""], ["שרה", ""], ["A", ""], ["", ""], ["-- ..", ""], ["Dr. Who", "dr.who"], ["🌱 Bob", "bob"],
  ["Maximiliane Anastasia von Donaudampfschifffahrt", "maximiliane.anastasia.von"], ["x".repeat(50), "x".repeat(32)],
])("the handle of %j is %j", (name, handle) => expect(suggestHandle(name)).toBe(handle));

test("the next handle has the next number", () => {
  expect(nextHandle("ann")).toBe("ann2");
  expect(nextHandle("ann2")).toBe("ann3");
  expect(nextHandle("ann9")).toBe("ann10");
  expect(nextHandle("x".repeat(32))).toBe("x".repeat(31) + "2");
});
