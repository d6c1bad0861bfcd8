import { asFailure, type FailureReason } from "../core/failure.ts";
import { t } from "./index.ts";

/** Returns the short text for what the server found wrong in a field, which stands at that field. */
function atField(message: string): string | undefined {
  for (const [pattern, text] of t.failure.fields) {
    const found = pattern.exec(message);
    if (found) return text(Number(found[1]));
  }
  return undefined;
}

/** Returns the sentence for a failure; the server's own begins with a lower-case letter. */
export function sentenceOf({ code, message }: { readonly code: string; readonly message: string }): string {
  return (code === "bad_input" ? atField(message) : undefined) ?? t.failure.reasons[message as FailureReason] ?? t.failure.codes[code] ?? message.replace(/^\p{Ll}/u, (c) => c.toUpperCase()).replace(/[\p{L}\p{N}]$/u, "$&.");
}

/** Returns the sentence of a failure, and the field that it is about. */
export function explain(err: unknown): { readonly field?: string; readonly message: string } {
  const failure = asFailure(err);
  return { field: failure.field, message: sentenceOf(failure) };
}
