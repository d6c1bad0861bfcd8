import { type ClipboardEvent, useEffect } from "react";
import { t } from "../strings/index.ts";
import { toast } from "../ui/Toast.tsx";

/** Refuses files that are dropped on the page or pasted into the field: they cannot be sent yet. Returns the field's paste handler. */
export function useFileRefusal(): (e: ClipboardEvent) => void {
  useEffect(() => {
    const over = (e: DragEvent) => e.dataTransfer?.types.includes("Files") && e.preventDefault();
    const drop = (e: DragEvent) => {
      if (!e.dataTransfer?.files.length) return;
      e.preventDefault(); // otherwise the browser replaces the page with the file
      toast(t.composer.noFiles);
    };
    addEventListener("dragover", over);
    addEventListener("drop", drop);
    return () => {
      removeEventListener("dragover", over);
      removeEventListener("drop", drop);
    };
  }, []);
  return onPaste;
}

/** Office programs copy text together with a picture of it: then the text is pasted. */
function onPaste(e: ClipboardEvent): void {
  if (!e.clipboardData.files.length || e.clipboardData.types.includes("text/plain")) return;
  e.preventDefault();
  toast(t.composer.noFiles);
}
