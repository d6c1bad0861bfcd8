import { t } from "../strings/index.ts";
import { toast } from "./Toast.tsx";

/** Copies, or says why it cannot. */
export function copy(text: string): void {
  const done = navigator.clipboard?.writeText(text) ?? (copiedAsOfOld(text) ? Promise.resolve() : Promise.reject(new Error("no clipboard")));
  done.then(() => toast(t.conversation.copied), () => toast(t.conversation.cannotCopy));
}

/** Over plain http browsers have no clipboard, but the command of old. */
function copiedAsOfOld(text: string): boolean {
  let given = false;
  const give = (e: ClipboardEvent) => {
    e.clipboardData?.setData("text/plain", text);
    e.preventDefault();
    e.stopImmediatePropagation(); // a list of messages copies its own way
    given = true;
  };
  addEventListener("copy", give, true);
  try {
    return document.execCommand("copy") && given;
  } finally {
    removeEventListener("copy", give, true);
  }
}
