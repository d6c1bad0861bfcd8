import { asFailure, type FailureReason } from "../core/failure.ts";
import { t } from "./index.ts";

/** Returns the sentence for a failure; the server's own begins with a lower-case letter. */
export function sentenceOf({ code, message }: { readonly code: string; readonly message: string }): string {
  return t.failure.reasons[message as FailureReason] ?? t.failure.codes[code] ?? message.replace(/^\p{Ll}/u, (c) => c.toUpperCase()).replace(/[\p{L}\p{N}]$/u, "$&.");
}

/** Returns the sentence of a failure, and the field that it is about. */
export function explain(err: unknown): { readonly field?: string; readonly message: string } {
  const failure = asFailure(err);
  return { field: failure.field, message: sentenceOf(failure) };
}
