import { useEffect, useRef, useState } from "react";
import { useCore } from "../app/useCore.ts";
import type { Quote } from "../core/wire.ts";

const restMs = 300; // between two writes

interface Draft {
  readonly text: string;
  set(text: string): void;
  /** At once, whenever it was kept last. */
  keep(): void;
  /** It is over: neither it nor its answer comes back. sent: that text was sent. */
  end(sent?: string): void;
}

interface Options {
  /** What stands in the field before anything is written. */
  initial?: string;
  reply?: Quote;
  onReply?(q: Quote | undefined): void;
  /** Another page sent it, or deleted it. */
  onGone?(): void;
}

/**
 * The draft of a chat or an edit, by its key in Storage: what was kept at first, then what is written, kept again as
 * one writes. As long as nothing else was written here it is that of the page where it was written.
 */
export function useDraft(key: string, { initial = "", reply, onReply = () => {}, onGone = () => {} }: Options): Draft {
  const core = useCore();
  const [storage] = useState(core.storage); // also when the session ends under the writer
  const [text, setText] = useState(initial);
  const now = useRef({ text: initial, reply });
  const dirty = useRef(false);
  const kept = useRef(false); // on disk there is what stands here
  const refused = useRef(false); // the disk took the last one not: what it holds is older
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);

  const save = (sent?: string) => {
    if (!dirty.current) return;
    dirty.current = false;
    const { text, reply } = now.current;
    const empty = text === initial && !reply;
    storage?.saveDraft(key, empty ? undefined : { text, ...(reply && { reply }), at: Date.now() }, sent)
      .then(() => {
        kept.current = !empty;
        refused.current = false;
      }, () => void (refused.current = true));
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
    const follow = (first: boolean) => storage?.draft(key).then((d) => {
      if (gone || dirty.current || refused.current || (first && (!d || now.current.text !== initial)) || (!d && !kept.current)) return;
      if (!d) onGone();
      kept.current = !!d;
      if (d?.text === now.current.text && d.reply?.seq === now.current.reply?.seq) return;
      now.current = { text: d?.text ?? initial, reply: d?.reply };
      setText(now.current.text);
      onReply(d?.reply);
    }, () => {});
    void follow(true);
    const unwatch = storage?.watchDrafts((k) => k === key && void follow(false));
    const flush = () => save();
    addEventListener("pagehide", flush);
    document.addEventListener("visibilitychange", flush);
    return () => {
      gone = true;
      unwatch?.();
      removeEventListener("pagehide", flush);
      document.removeEventListener("visibilitychange", flush);
      save();
    };
  }, [storage, key]);

  useEffect(() => {
    if (now.current.reply?.seq === reply?.seq) return;
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
    keep: () => save(),
    end(sent) {
      now.current = { text: initial, reply: undefined };
      setText(initial);
      dirty.current = true;
      save(sent);
      onReply(undefined);
    },
  };
}
