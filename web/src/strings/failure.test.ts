import { expect, test } from "vitest";
import { Failure, noAnswer } from "../core/failure.ts";
import { explain, sentenceOf } from "./failure.ts";

test("a failure is a sentence of the page's language, or the server's as a sentence", () => {
  expect(explain(noAnswer()).message).toBe("The server didn't respond.");
  expect(explain(new Failure({ code: "handle_taken", field: "handle", message: "the handle ann is taken" }))).toEqual({ field: "handle", message: "That handle is taken." });
  expect(sentenceOf({ code: "too_large", message: "the body must have at most 128 bytes" })).toBe("The body must have at most 128 bytes.");
  expect(sentenceOf({ code: "forbidden", message: "Ask an admin (Ann)" })).toBe("Ask an admin (Ann)");
});

test("errors at fields are short, and count characters", () => {
  const at = (field: string, message: string) => explain(new Failure({ code: "bad_input", field, message })).message;
  expect(at("title", "title must have at most 128 bytes, it is 72 characters too long")).toBe("72 characters too long.");
  expect(at("name", "name must have at most 64 bytes, it is 1 characters too long")).toBe("1 character too long.");
  expect(at("name", "name must not be empty")).toBe("Fill this in.");
  expect(at("handle", "handle must have 2 to 32 characters from a-z, 0-9, _ - and ., begin with a letter or digit and not end with a dot")).toBe("Use 2 to 32 letters a–z, numbers, and . _ -");
  expect(at("password", "password must have at least 8 characters")).toBe("Use at least 8 characters.");
  expect(at("password", "password must have at least 8 characters besides your handle, your name and the server's name")).toBe("Use at least 8 characters besides your handle, your name and the server's name.");
  expect(at("password", "password must have at most 256 bytes")).toBe("This password is too long.");
  expect(at("topic", "topic must have at most 30 accents on one letter")).toBe("Use at most 30 accents on one letter.");
  expect(at("name", "name must not hold control characters or invisible ones, such as U+202E")).toBe("Remove characters that can't be seen.");
});
