import { t } from "../strings/index.ts";
import { toast } from "./Toast.tsx";

/** Copies, or says why it cannot: over plain http browsers have no clipboard. */
export function copy(text: string): void {
  const done = navigator.clipboard?.writeText(text) ?? Promise.reject(new Error("no clipboard"));
  done.then(() => toast(t.talk.copied), () => toast(t.talk.cannotCopy));
}
