import { asFailure, type FailureReason } from "../core/failure.ts";

// What the page says where the server said nothing.
const sentences = {
  noAnswer: "The server did not answer.",
  noConnection: "There is no connection.",
  broke: "The connection broke before the server answered.",
  tooLong: "This is too long to send.",
  nobody: "Nobody is signed in.",
} satisfies Record<FailureReason, string>;

/** The sentence of a failure's message: the server's own, or ours for a FailureReason. */
export const sentenceOf = (message: string): string => sentences[message as FailureReason] ?? message;

/** What to tell a person of a failure, and the field that it is about. */
export function explain(err: unknown): { readonly field?: string; readonly message: string } {
  const { field, message } = asFailure(err);
  return { field, message: sentenceOf(message) };
}
