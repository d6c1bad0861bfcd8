import { type ClipboardEvent, type FormEvent, type KeyboardEvent, memo, useCallback, useEffect, useId, useLayoutEffect, useRef, useState } from "react";
import { useCore, useSnapshot } from "../app/useCore.ts";
import type { Pending } from "../core/outbox.ts";
import { applyCompletion } from "../core/search.ts";
import { titleOf, userOf } from "../core/selectors.ts";
import type { ChatId, Quote } from "../core/wire.ts";
import { t } from "../strings/index.ts";
import { Button } from "../ui/Button.tsx";
import { Icon } from "../ui/Icon.tsx";
import { Dialog } from "../ui/Dialog.tsx";
import { toast } from "../ui/Toast.tsx";
import { useReorderGuard } from "../ui/useReorderGuard.ts";
import { EmojiPicker } from "./LazyEmojiPicker.tsx";
import { byteLength, composing, inFence, sends } from "./text.ts";
import { useDraft } from "./useDraft.ts";
import { useSuggestions } from "./useSuggestions.ts";
import "./composer.css";

const w = t.composer;
const coarse = matchMedia("(pointer: coarse)");
const nearLimit = 500; // bytes left at which they are counted

interface Props {
  chatId: ChatId;
  /** What the next message answers. */
  reply?: Quote;
  /** A message that could not be sent, to be written anew. */
  given?: Pending;
  onReply(q: Quote | undefined): void;
  /** Up in an empty field. */
  onEditLast(): void;
}

export function Composer({ chatId, reply, given, onReply, onEditLast }: Props) {
  const core = useCore();
  const id = useId();
  const limit = useSnapshot((s) => s.state.limits?.text ?? Infinity);
  const title = useSnapshot((s) => { const c = s.state.chats.get(chatId); return c ? titleOf(s.state, c) : ""; });
  const answered = useSnapshot((s) => (reply ? userOf(s.state, reply.by).name : ""));
  const draft = useDraft(chatId, { reply, onReply });
  const { text } = draft;
  const [caret, setCaret] = useState(0);
  const [chosen, setChosen] = useState(0);
  const [shut, setShut] = useState(""); // suggestions for this text were sent away
  const [picking, setPicking] = useState(false);
  const field = useRef<HTMLTextAreaElement>(null);
  const put = useRef<number>(undefined);
  const { at, list } = useSuggestions(chatId, text, caret);
  const press = useReorderGuard(list.map((s) => s.key), true);
  const open = !!at && list.length > 0 && shut !== text;
  const over = byteLength(text) - limit;
  const fenced = inFence(text, caret);

  useEffect(() => {
    if (!coarse.matches) field.current?.focus();
  }, [chatId]);
  useEffect(() => {
    if (!given) return;
    // What one is writing stays, behind it.
    change([given.text, text].filter((s) => s.trim()).join("\n"), given.text.length);
    draft.keep();
    if (given.reply && !reply) onReply(given.reply);
    core.discard(given.clientId);
  }, [given]);
  useEffect(() => {
    const over = (e: DragEvent) => e.dataTransfer?.types.includes("Files") && e.preventDefault();
    const drop = (e: DragEvent) => {
      if (!e.dataTransfer?.files.length) return;
      e.preventDefault(); // else the file would be shown in the page's place
      toast(w.noFiles);
    };
    addEventListener("dragover", over);
    addEventListener("drop", drop);
    return () => {
      removeEventListener("dragover", over);
      removeEventListener("drop", drop);
    };
  }, []);
  useLayoutEffect(() => {
    if (put.current === undefined) return;
    field.current?.setSelectionRange(put.current, put.current);
    put.current = undefined;
  });

  function change(now: string, to: number) {
    put.current = to;
    draft.set(now);
    setCaret(to);
    field.current?.focus();
  }
  function send(e?: FormEvent) {
    e?.preventDefault();
    if (!text.trim() || over > 0) return;
    core.post(chatId, text.trim(), reply);
    draft.end(text);
    setCaret(0);
    field.current?.focus();
  }
  function take(i: number) {
    const { text: now, caret: to } = applyCompletion(text, at!, list[i]!.put);
    change(now, to);
  }
  function onKeyDown(e: KeyboardEvent<HTMLTextAreaElement>) {
    if (composing(e.nativeEvent)) return;
    if (open) {
      const step = { ArrowDown: 1, ArrowUp: -1 }[e.key];
      if (step) setChosen((Math.min(chosen, list.length - 1) + step + list.length) % list.length);
      else if ((e.key === "Enter" && !e.shiftKey) || e.key === "Tab") take(Math.min(chosen, list.length - 1));
      else if (e.key === "Escape") setShut(text);
      else return;
      e.preventDefault();
      e.stopPropagation();
      return;
    }
    if (sends(e.nativeEvent, e.currentTarget)) send(e);
    else if (e.key === "ArrowUp" && !text) {
      e.preventDefault();
      onEditLast();
    } else if (e.key === "Escape" && reply) {
      e.stopPropagation();
      onReply(undefined);
    }
  }
  /** From the field, for that is where focus returns to. */
  const pickEmoji = useCallback(() => {
    field.current?.focus();
    setPicking(true);
  }, []);
  /** What an office program copies is text and a picture of it: then the text counts. */
  function onPaste(e: ClipboardEvent) {
    if (!e.clipboardData.files.length || e.clipboardData.types.includes("text/plain")) return;
    e.preventDefault();
    toast(w.noFiles);
  }

  return (
    <form className="composer" onSubmit={send}>
      {open && (
        <div className="popover suggest" role="listbox" id={id} aria-label={w.suggestions} onPointerMove={press.moved}>
          {list.map((s, i) => (
            <div key={s.key} id={`${id}-${i}`} className="option" role="option" aria-selected={i === Math.min(chosen, list.length - 1)} onPointerDown={(e) => e.preventDefault()} onClick={() => press.settled(s.key) && take(i)}>
              <span>{s.sign}</span><span className="hint" dir="auto">{s.name}</span>
            </div>
          ))}
        </div>
      )}
      {reply && (
        <div className="answer">
          <span dir="auto"><b>{answered}</b> {reply.text.replace(/\s+/g, " ")}</span>
          <Button look="plain icon" aria-label={w.noAnswer} onPress={() => onReply(undefined)}><Icon name="close" /></Button>
        </div>
      )}
      <div className="line">
        <Smile onPress={pickEmoji} />
        <textarea ref={field} data-composer rows={Math.min(8, text.split("\n").length)} dir="auto" aria-label={w.placeholder(title)} placeholder={w.placeholder(title)} value={text} enterKeyHint={fenced ? "enter" : "send"}
          role={open ? "combobox" : undefined} aria-expanded={open || undefined} aria-controls={open ? id : undefined} aria-activedescendant={open ? `${id}-${Math.min(chosen, list.length - 1)}` : undefined}
          aria-invalid={over > 0 || undefined} aria-describedby={over > -nearLimit ? id + "n" : undefined}
          onChange={(e) => {
            draft.set(e.target.value);
            setCaret(e.target.selectionStart);
            setChosen(0);
            if (e.target.value) core.typing(chatId);
          }}
          onSelect={(e) => setCaret(e.currentTarget.selectionStart)} onKeyDown={onKeyDown} onPaste={onPaste} />
        <Send off={!text.trim() || over > 0} />
      </div>
      {over > -nearLimit && <p id={id + "n"} className={over > 0 ? "fault" : "hint"} role="status">{over > 0 ? w.tooLong(over) : w.left(-over)}</p>}
      <Dialog title={w.emoji} isOpen={picking} onClose={() => setPicking(false)}>
        <EmojiPicker onClose={() => setPicking(false)} onPick={(emoji) => {
          setPicking(false);
          change(text.slice(0, caret) + emoji + text.slice(caret), caret + emoji.length);
        }} />
      </Dialog>
    </form>
  );
}

// What a letter does not change is not drawn anew with it.
const Smile = memo(({ onPress }: { onPress(): void }) => <Button look="plain icon" aria-label={w.emoji} onPress={onPress}><Icon name="smile" /></Button>);
const Send = memo(({ off }: { off: boolean }) => <Button type="submit" look="main" isDisabled={off} aria-label={w.send}><Icon name="send" /></Button>);
