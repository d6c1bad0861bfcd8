// Helpers for texts being written.
import { inFence } from "../core/fence.ts";

const bytes = new TextEncoder();
export const byteLength = (text: string): number => bytes.encode(text).length;

/** Returns how many characters at its end a text has too many for a limit in bytes. */
export function excess(text: string, limit: number): number {
  let over = byteLength(text) - limit;
  if (over <= 0) return 0;
  const end = [...text.slice(-over)].reverse(); // a character has at least one byte
  return end.findIndex((c) => (over -= byteLength(c)) <= 0) + 1;
}

/** Reports whether the key sends: Enter does, but not with Shift or inside a code fence; with Ctrl or Cmd it always does. */
export function sends(e: KeyboardEvent, field: HTMLTextAreaElement): boolean {
  return e.key === "Enter" && !e.shiftKey && (e.ctrlKey || e.metaKey || !inFence(field.value, field.selectionStart));
}
