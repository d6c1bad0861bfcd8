import { useCallback, useEffect, useEffectEvent, useRef, useState } from "react";
import { useCore } from "../app/useCore.ts";
import type { Draft as StoredDraft } from "../core/storage.ts";
import type { Quote } from "../core/wire.ts";

const saveEveryMs = 300;

interface Draft {
  readonly text: string;
  /** What stood in the field before anything was written: for an edit the text that it began with. */
  readonly of: string;
  set: (text: string) => void;
  /** Saves at once. */
  keep: () => void;
  /** Deletes the draft and its reply; sent: because that text was sent. */
  end: (sent?: string) => void;
  /** Starts again with another text. */
  restart: (initial: string) => void;
}

interface Options {
  /** What stands in the field before anything is written. */
  initial?: string;
  reply?: Quote;
  onReply?: (q: Quote | undefined) => void;
  /** Another page sent or deleted the draft. */
  onGone?: () => void;
}

/** Returns what is saved; nothing if nothing was written. */
function draftOf({ text, reply, of }: { text: string; reply: Quote | undefined; of: string }): StoredDraft | undefined {
  return text === of && !reply ? undefined : { text, ...(reply && { reply }), ...(of && { of }), at: Date.now() };
}

/**
 * The draft of a chat or an edit, by its key in Storage: first what was saved, then what is written, saved while one
 * writes. Until something is written here, it follows the page in which the draft is written.
 */
export function useDraft(key: string, { initial = "", reply, onReply = () => {}, onGone = () => {} }: Options): Draft {
  const core = useCore();
  const [storage] = useState(core.storage); // of this session, also after the session has ended
  const [text, setText] = useState(initial);
  const [of, setOf] = useState(initial);
  const nowRef = useRef({ text: initial, reply, of: initial });
  const dirtyRef = useRef(false);
  const savedRef = useRef(false); // the disk holds what stands here
  const unsettledRef = useRef(false); // the last write has not reached the disk yet
  const refusedRef = useRef(false); // the disk refused the last write: what it holds is older
  const timerRef = useRef<ReturnType<typeof setTimeout>>(undefined);

  const save = useCallback((sent?: string) => {
    if (!dirtyRef.current) return;
    dirtyRef.current = false;
    const now = nowRef.current, draft = draftOf(now);
    storage?.saveDraft(key, draft, sent)
      .then(() => {
        savedRef.current = !!draft;
        refusedRef.current = false;
        if (nowRef.current === now) unsettledRef.current = false;
      }, () => void (refusedRef.current = true));
  }, [storage, key]);
  /** Saves at once and then at most every saveEveryMs: what a page writes while it is closed may not reach the disk. */
  const touch = useCallback(() => {
    dirtyRef.current = true;
    unsettledRef.current = true;
    if (timerRef.current !== undefined) return;
    const saveIfDirty = () => {
      timerRef.current = undefined;
      if (!dirtyRef.current) return;
      save();
      timerRef.current = setTimeout(saveIfDirty, saveEveryMs);
    };
    saveIfDirty();
  }, [save]);

  const follow = useEffectEvent((d: StoredDraft | undefined, first: boolean) => {
    if (dirtyRef.current || refusedRef.current || (first && (!d || nowRef.current.text !== nowRef.current.of)) || (!d && !savedRef.current)) return;
    if (!d) onGone();
    savedRef.current = !!d;
    if (d?.text === nowRef.current.text && d.reply?.seq === nowRef.current.reply?.seq) return;
    nowRef.current = { text: d?.text ?? nowRef.current.of, reply: d?.reply, of: d?.of ?? nowRef.current.of };
    setText(nowRef.current.text);
    setOf(nowRef.current.of);
    onReply(d?.reply);
  });
  const flush = useEffectEvent(() => {
    save();
    if (unsettledRef.current) storage?.copyDraft(key, draftOf(nowRef.current));
  });
  useEffect(() => {
    let gone = false;
    const read = (first: boolean) => void storage?.draft(key).then((d) => gone || follow(d, first), () => {});
    read(true);
    const unwatch = storage?.watchDrafts((k) => k === key && read(false));
    const onHide = () => flush();
    addEventListener("pagehide", onHide);
    document.addEventListener("visibilitychange", onHide);
    return () => {
      gone = true;
      unwatch?.();
      removeEventListener("pagehide", onHide);
      document.removeEventListener("visibilitychange", onHide);
      flush();
    };
  }, [storage, key]);

  useEffect(() => {
    if (nowRef.current.reply?.seq === reply?.seq) return;
    nowRef.current = { ...nowRef.current, reply };
    touch();
  }, [reply, touch]);

  return {
    text,
    set: (text) => {
      nowRef.current = { ...nowRef.current, text };
      setText(text);
      touch();
    },
    keep: () => save(),
    end(sent) {
      nowRef.current = { ...nowRef.current, text: of, reply: undefined };
      setText(of);
      dirtyRef.current = true;
      unsettledRef.current = true;
      save(sent);
      onReply(undefined);
    },
    restart(initial) {
      nowRef.current = { text: initial, reply: undefined, of: initial };
      setText(initial);
      setOf(initial);
      touch();
    },
    of,
  };
}
