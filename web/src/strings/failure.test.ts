import { expect, test } from "vitest";
import { Failure, noAnswer } from "../core/failure.ts";
import { explain, sentenceOf } from "./failure.ts";

test("a failure is a sentence of the page's language, or the server's as a sentence", () => {
  expect(explain(noAnswer()).message).toBe("The server didn't respond.");
  expect(explain(new Failure({ code: "handle_taken", field: "handle", message: "the handle ann is taken" }))).toEqual({ field: "handle", message: "That handle is taken." });
  expect(sentenceOf({ code: "bad_input", message: "title must have at most 128 bytes" })).toBe("Title must have at most 128 bytes.");
  expect(sentenceOf({ code: "forbidden", message: "Ask an admin (Ann)" })).toBe("Ask an admin (Ann)");
});
