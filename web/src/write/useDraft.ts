import { useEffect, useRef, useState } from "react";
import { useCore } from "../app/useCore.ts";
import type { ChatId, Quote } from "../core/wire.ts";

const restMs = 300; // between two writes

interface Draft {
  readonly text: string;
  set(text: string): void;
  /** At once, whenever it was kept last. */
  keep(): void;
  /** It was sent: neither it nor its answer comes back. */
  end(): void;
}

/** The draft of one chat: what was kept at first, then what is written, kept again as one writes. */
export function useDraft(chatId: ChatId, reply: Quote | undefined, onReply: (q: Quote | undefined) => void): Draft {
  const core = useCore();
  const [storage] = useState(core.storage); // also when the session ends under the writer
  const [text, setText] = useState("");
  const now = useRef({ text, reply });
  const dirty = useRef(false);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);

  const save = () => {
    if (!dirty.current) return;
    dirty.current = false;
    const { text, reply } = now.current;
    storage?.saveDraft(chatId, text || reply ? { text, ...(reply && { reply }), at: Date.now() } : undefined).catch(() => {});
  };
  /** At once and then at most every restMs: what a page writes as it goes, the disk may not get any more. */
  const touch = () => {
    dirty.current = true;
    if (timer.current !== undefined) return;
    save();
    timer.current = setTimeout(() => {
      timer.current = undefined;
      if (dirty.current) touch();
    }, restMs);
  };

  useEffect(() => {
    let gone = false;
    storage?.draft(chatId).then((kept) => {
      if (gone || !kept || dirty.current || now.current.text) return;
      now.current = { text: kept.text, reply: kept.reply };
      setText(kept.text);
      if (kept.reply) onReply(kept.reply);
    }, () => {});
    addEventListener("pagehide", save);
    document.addEventListener("visibilitychange", save);
    return () => {
      gone = true;
      removeEventListener("pagehide", save);
      document.removeEventListener("visibilitychange", save);
      save();
    };
  }, [storage, chatId]);

  useEffect(() => {
    if (now.current.reply === reply) return;
    now.current = { ...now.current, reply };
    touch();
  }, [reply]);

  const change = (to: typeof now.current) => {
    now.current = to;
    setText(to.text);
    touch();
  };
  return {
    text,
    set: (text) => change({ ...now.current, text }),
    keep: save,
    end() {
      change({ text: "", reply: undefined });
      save();
      onReply(undefined);
    },
  };
}
