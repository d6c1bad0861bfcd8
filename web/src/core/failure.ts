import type { Problem } from "./wire.ts";

/** The codes of failures that may be retried with the same clientId; with any other code a retry is an error. */
const again = new Set(["no_answer", "rate_limited", "internal", "unavailable"]);

/** Why the page itself failed: the message of such a Failure, for which strings/failure.ts has the sentence. */
export type FailureReason = "noAnswer" | "noConnection" | "broke" | "tooLong" | "nobody" | "noFile";

/** Why a call or a command failed. "no_answer" is the page's own code: the server may have done it all the same. */
export class Failure extends Error implements Problem {
  readonly code: string;
  readonly field?: string;
  readonly retryAfterMs?: number;
  readonly requestId?: string;

  constructor(p: Problem) {
    super(p.message);
    this.code = p.code;
    this.field = p.field;
    this.retryAfterMs = p.retryAfterMs;
    this.requestId = p.requestId;
  }

  get retryable(): boolean {
    return again.has(this.code);
  }
}

export const noAnswer = (message: FailureReason = "noAnswer") => new Failure({ code: "no_answer", message });
export const noFile = () => new Failure({ code: "not_found", message: "noFile" satisfies FailureReason });
export const notSignedIn = () => new Failure({ code: "internal", message: "nobody" satisfies FailureReason });

export const asFailure = (err: unknown): Failure =>
  err instanceof Failure ? err : new Failure({ code: "internal", message: err instanceof Error ? err.message : String(err) });
