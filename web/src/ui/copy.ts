import { t } from "../strings/index.ts";
import { toast } from "./Toast.tsx";

/** Copies a text, and shows the result as a toast. */
export function copy(text: string): void {
  const done = navigator.clipboard?.writeText(text) ?? (copiedAsOfOld(text) ? Promise.resolve() : Promise.reject(new Error("no clipboard")));
  done.then(() => toast(t.conversation.copied, "copy"), () => toast(t.conversation.cannotCopy, "copy"));
}

/** Plain http has no Clipboard API: copies with the old execCommand. */
function copiedAsOfOld(text: string): boolean {
  let given = false;
  const give = (e: ClipboardEvent) => {
    e.clipboardData?.setData("text/plain", text);
    e.preventDefault();
    e.stopImmediatePropagation(); // the message list has its own copy handler
    given = true;
  };
  addEventListener("copy", give, true);
  try {
    return document.execCommand("copy") && given;
  } finally {
    removeEventListener("copy", give, true);
  }
}
