import { asFailure, type FailureReason } from "../core/failure.ts";

// The sentences of the page's own failures.
const sentences = {
  noAnswer: "The server did not answer.",
  noConnection: "There is no connection.",
  broke: "The connection broke before the server answered.",
  tooLong: "This is too long to send.",
  nobody: "Nobody is signed in.",
  noFile: "The file is no longer on this device.",
} satisfies Record<FailureReason, string>;

/** Returns the sentence for a failure's message, which is the server's own or a FailureReason. */
export const sentenceOf = (message: string): string => sentences[message as FailureReason] ?? message;

/** Returns the sentence of a failure, and the field that it is about. */
export function explain(err: unknown): { readonly field?: string; readonly message: string } {
  const { field, message } = asFailure(err);
  return { field, message: sentenceOf(message) };
}
