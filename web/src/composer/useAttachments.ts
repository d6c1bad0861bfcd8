import { type ClipboardEvent, useCallback, useEffect, useEffectEvent, useState } from "react";
import { useCore, useSnapshot } from "../app/useCore.ts";
import { newId } from "../core/id.ts";
import type { Pending } from "../core/outbox.ts";
import { fileKind } from "../core/selectors.ts";
import type { NewFile } from "../core/uploader.ts";
import { t } from "../strings/index.ts";
import { toast } from "../ui/Toast.tsx";
import { heicAsJpeg, isHeic } from "./heic.ts";

export interface AttachmentList {
  readonly files: readonly NewFile[];
  /** The server stores files. */
  readonly allowed: boolean;
  /** Files are being dragged over the page. */
  readonly dragging: boolean;
  readonly asFile: boolean;
  setAsFile: (on: boolean) => void;
  /** alt: the description of all of them. */
  add: (files: Iterable<File>, alt?: string) => Promise<void>;
  describe: (key: string, alt: string) => void;
  remove: (key: string) => void;
  /** Returns the files to send, and empties the list. */
  take: () => NewFile[];
  /** Takes over the files of a message that could not be sent. */
  takeOver: (p: Pending) => Promise<void>;
  onPaste: (e: ClipboardEvent) => void;
}

/** Collects the files of the next message of a chat or a thread: chosen, dropped on the page, or pasted. focus must be stable. */
export function useAttachments(chatId: string, inThread: boolean, focus: () => void): AttachmentList {
  const core = useCore();
  const most = useSnapshot((s) => s.state.limits.files);
  const size = useSnapshot((s) => s.state.limits.file);
  const [files, show] = useState(() => core.attachments.get(chatId) ?? []);
  const [asFile, setAsFile] = useState(false);
  const allowed = size > 0;

  const set = useCallback((change: (files: readonly NewFile[]) => readonly NewFile[]) => {
    const kept = core.attachments;
    const now = change(kept.get(chatId) ?? []);
    if (now.length) kept.set(chatId, now);
    else kept.delete(chatId);
    show(now);
  }, [core, chatId]);

  const add = useCallback(async (chosen: Iterable<File>, alt?: string) => {
    for (const original of [...chosen]) {
      if (!allowed) return toast(t.files.notHere);
      if ((core.attachments.get(chatId)?.length ?? 0) >= most) return toast(t.files.tooMany(most));
      if (original.size > size) {
        toast(t.files.tooLarge(original.name, size));
        continue;
      }
      const jpeg = isHeic(original) ? await heicAsJpeg(original) : undefined;
      const blob = jpeg ?? original;
      const key = newId();
      const url = fileKind(blob.type) === "image" ? URL.createObjectURL(blob) : undefined;
      set((all) => [...all, { key, blob, name: blob.name, url, ...(alt && { alt }), ...(jpeg && { original }) }]);
      if (url) void sizeOf(url).then((size) => set((all) => all.map((f) => (f.key === key ? { ...f, ...size } : f))));
    }
    focus();
  }, [core, allowed, chatId, most, size, set, focus]);

  const remove = (key: string) => set((all) => all.filter((f) => {
    if (f.key === key && f.url) URL.revokeObjectURL(f.url);
    return f.key !== key;
  }));
  const describe = (key: string, alt: string) => set((all) => all.map((f) => (f.key === key ? { ...f, alt: alt || undefined } : f)));
  const take = () => {
    const taken = files.map(({ url, original, ...f }): NewFile => {
      if (url) URL.revokeObjectURL(url);
      if (asFile && original) return { key: f.key, blob: original, name: original.name, ...(f.alt && { alt: f.alt }), keepMetadata: true };
      return { ...f, ...(asFile && { keepMetadata: true }) };
    });
    set(() => []);
    setAsFile(false);
    return taken;
  };
  const takeOver = async (p: Pending) => {
    for (const f of p.files ?? []) {
      const blob = await core.unsentFile(p.clientId, f.key);
      if (blob) await add([blob instanceof File ? blob : new File([blob], f.name, { type: f.type })], f.alt);
    }
  };

  const some = files.length > 0;
  useEffect(() => { // they are lost with the page
    const warn = (e: BeforeUnloadEvent) => e.preventDefault();
    if (some) addEventListener("beforeunload", warn);
    return () => removeEventListener("beforeunload", warn);
  }, [some]);
  const dragging = useDroppedFiles(add, inThread);
  const onPaste = (e: ClipboardEvent) => { // Office programs copy text together with a picture of it: then the text is pasted
    if (!e.clipboardData.files.length || e.clipboardData.types.includes("text/plain")) return;
    e.preventDefault();
    void add(e.clipboardData.files);
  };
  return { files, allowed, dragging, asFile, setAsFile, add, describe, remove, take, takeOver, onPaste };
}

/** Returns the size in pixels, so that nothing moves when the message is sent; none of a picture that the browser cannot show. */
async function sizeOf(url: string): Promise<{ width?: number; height?: number }> {
  const image = new Image();
  image.src = url;
  try {
    await image.decode();
    return { width: image.naturalWidth, height: image.naturalHeight };
  } catch {
    return {};
  }
}

/** Takes the files that are dropped on the conversation, or anywhere else on the page. Reports whether files are being dragged over it. */
function useDroppedFiles(add: (files: Iterable<File>) => unknown, inThread: boolean): boolean {
  const [dragging, setDragging] = useState(false);
  const drop = useEffectEvent((e: DragEvent) => {
    setDragging(false);
    if (!e.dataTransfer?.types.includes("Files") || overThread(e) !== inThread) return;
    e.preventDefault(); // otherwise the browser replaces the page with the file
    const items = [...e.dataTransfer.items];
    if (items.some((i) => i.webkitGetAsEntry?.()?.isDirectory)) return toast(t.files.folder);
    void add(e.dataTransfer.files);
  });
  useEffect(() => {
    const over = (e: DragEvent) => {
      if (!e.dataTransfer?.types.includes("Files")) return;
      e.preventDefault();
      setDragging(overThread(e) === inThread);
    };
    const leave = (e: DragEvent) => e.relatedTarget || setDragging(false);
    const onDrop = (e: DragEvent) => drop(e);
    addEventListener("dragover", over);
    addEventListener("dragleave", leave);
    addEventListener("drop", onDrop);
    return () => {
      removeEventListener("dragover", over);
      removeEventListener("dragleave", leave);
      removeEventListener("drop", onDrop);
    };
  }, [inThread]);
  return dragging;
}

const overThread = (e: DragEvent): boolean => e.target instanceof Element && !!e.target.closest(".thread-panel");
