import { useEffect, useRef, useState } from "react";
import { useCore } from "../app/useCore.ts";
import type { ChatId, Quote } from "../core/wire.ts";

const restMs = 300;

/** The draft of one chat: what was kept at first, then what is written, kept again after a rest and when the page goes. */
export function useDraft(chatId: ChatId, reply: Quote | undefined, onReply: (q: Quote | undefined) => void): [text: string, set: (text: string) => void] {
  const core = useCore();
  const [text, setText] = useState("");
  const now = useRef({ text, reply });
  const dirty = useRef(false);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);

  const save = () => {
    clearTimeout(timer.current);
    if (!dirty.current) return;
    dirty.current = false;
    const { text, reply } = now.current;
    core.storage?.saveDraft(chatId, text || reply ? { text, ...(reply && { reply }), at: Date.now() } : undefined).catch(() => {});
  };
  const touch = () => {
    dirty.current = true;
    clearTimeout(timer.current);
    timer.current = setTimeout(save, restMs);
  };

  useEffect(() => {
    let gone = false;
    core.storage?.drafts().then((all) => {
      const kept = all.get(chatId);
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
  }, [core, chatId]);

  useEffect(() => {
    if (now.current.reply === reply) return;
    now.current = { ...now.current, reply };
    touch();
  }, [reply]);

  return [text, (text) => {
    now.current = { ...now.current, text };
    setText(text);
    if (text) touch();
    else {
      dirty.current = true;
      save(); // what was sent must not come back as a draft
    }
  }];
}
