import type { FailureReason } from "../../core/failure.ts";
import { plural } from "./format.ts";

export const failure = {
  /** The page's own failures. */
  reasons: {
    noAnswer: "The server didn't respond.",
    noConnection: "You're not connected.",
    broke: "The connection was lost before the server responded.",
    tooLong: "This is too long to send.",
    nobody: "You're not signed in.",
    noFile: "The file is no longer on this device.",
  } as Record<FailureReason, string>,
  /** What a field must be, by the server's sentence, whose number they get. */
  fields: [
    [/^handle must have 2 to (\d+) /, (most) => `Use 2 to ${most} letters a–z, numbers, and . _ -`],
    [/ must have at least (\d+) characters besides /, (least) => `Use at least ${least} characters besides your handle, your name and the server's name.`],
    [/ must have at least (\d+) characters$/, (least) => plural(least, { one: "Use at least # character.", other: "Use at least # characters." })],
    [/ it is (\d+) characters too long$/, (n) => plural(n, { one: "# character too long.", other: "# characters too long." })],
    [/^password must have at most /, () => "This password is too long."],
    [/^password is too common/, () => "This password is too common. Choose another."],
    [/ must have at most (\d+) accents on one letter$/, (most) => `Use at most ${most} accents on one letter.`],
    [/ must not hold control characters | must not have control /, () => "Remove characters that can't be seen."],
    [/ must not be empty$| must hold something visible$/, () => "Fill this in."],
  ] as readonly (readonly [RegExp, (n: number) => string])[],
  /** Codes of the server that say all there is to say; other failures have the server's sentence. */
  codes: {
    bad_credentials: "Wrong handle or password.",
    wrong_password: "That's not your current password.",
    handle_taken: "That handle is taken.",
    internal: "Something went wrong on the server.",
  } as Readonly<Record<string, string>>,
};
