import type { FailureReason } from "../../core/failure.ts";

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
  /** Codes of the server that say all there is to say; other failures have the server's sentence. */
  codes: {
    bad_credentials: "Wrong handle or password.",
    wrong_password: "That's not your current password.",
    handle_taken: "That handle is taken.",
    internal: "Something went wrong on the server.",
  } as Readonly<Record<string, string>>,
};
