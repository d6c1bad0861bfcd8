import { type ClipboardEvent, type DragEvent, type FormEvent, type KeyboardEvent, lazy, Suspense, useEffect, useId, useLayoutEffect, useRef, useState } from "react";
import { useCore, useSnapshot } from "../app/useCore.ts";
import { completed } from "../core/search.ts";
import { titleOf, userOf } from "../core/select.ts";
import type { ChatId, Quote } from "../core/wire.ts";
import { t } from "../strings/index.ts";
import { Button } from "../ui/Button.tsx";
import { Icon } from "../ui/Icon.tsx";
import { Dialog } from "../ui/Dialog.tsx";
import { toast } from "../ui/Toast.tsx";
import { byteLength, inFence } from "./text.ts";
import { useDraft } from "./useDraft.ts";
import { useSuggestions } from "./useSuggestions.ts";
import "./write.css";

const EmojiPicker = lazy(() => import("./EmojiPicker.tsx"));
const w = t.write;
const coarse = matchMedia("(pointer: coarse)");
const nearLimit = 500; // bytes left at which they are counted

interface Props {
  chatId: ChatId;
  /** What the next message answers. */
  reply?: Quote;
  /** A text to go on with: that of a message that could not be sent. */
  given?: { readonly text: string };
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
  const [text, setText] = useDraft(chatId, reply, onReply);
  const [caret, setCaret] = useState(0);
  const [chosen, setChosen] = useState(0);
  const [shut, setShut] = useState(""); // suggestions for this text were sent away
  const [picking, setPicking] = useState(false);
  const field = useRef<HTMLTextAreaElement>(null);
  const put = useRef<number>(undefined);
  const { at, list } = useSuggestions(chatId, text, caret);
  const open = !!at && list.length > 0 && shut !== text;
  const over = byteLength(text) - limit;

  useEffect(() => {
    if (!coarse.matches) field.current?.focus();
  }, [chatId]);
  useEffect(() => {
    if (given) change(given.text, given.text.length);
  }, [given]);
  useLayoutEffect(() => {
    if (put.current === undefined) return;
    field.current?.setSelectionRange(put.current, put.current);
    put.current = undefined;
  });

  function change(now: string, to: number) {
    put.current = to;
    setText(now);
    setCaret(to);
    field.current?.focus();
  }
  function send(e?: FormEvent) {
    e?.preventDefault();
    if (!text.trim() || over > 0) return;
    core.post(chatId, text.trim(), reply);
    setText("");
    setCaret(0);
    onReply(undefined);
    field.current?.focus();
  }
  function take(i: number) {
    const { text: now, caret: to } = completed(text, at!, list[i]!.put);
    change(now, to);
  }
  function onKeyDown(e: KeyboardEvent<HTMLTextAreaElement>) {
    if (e.nativeEvent.isComposing || e.keyCode === 229) return;
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
    if (e.key === "Enter" && !e.shiftKey && !coarse.matches && !inFence(text, e.currentTarget.selectionStart)) send(e);
    else if (e.key === "ArrowUp" && !text) {
      e.preventDefault();
      onEditLast();
    } else if (e.key === "Escape" && reply) {
      e.stopPropagation();
      onReply(undefined);
    }
  }
  function noFiles(e: ClipboardEvent | DragEvent, files: FileList) {
    if (!files.length) return;
    e.preventDefault();
    toast(w.noFiles);
  }

  return (
    <form className="composer" onSubmit={send} onDragOver={(e) => e.preventDefault()} onDrop={(e) => noFiles(e, e.dataTransfer.files)}>
      {open && (
        <div className="popover suggest" role="listbox" id={id} aria-label={w.suggestions}>
          {list.map((s, i) => (
            <div key={s.key} id={`${id}-${i}`} className="option" role="option" aria-selected={i === Math.min(chosen, list.length - 1)} onPointerDown={(e) => e.preventDefault()} onClick={() => take(i)}>
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
        <Button look="plain icon" aria-label={w.emoji} onPress={() => setPicking(true)}><Icon name="smile" /></Button>
        <textarea ref={field} data-composer rows={1} dir="auto" aria-label={w.placeholder(title)} placeholder={w.placeholder(title)} value={text} enterKeyHint={coarse.matches ? "enter" : "send"}
          role={open ? "combobox" : undefined} aria-expanded={open || undefined} aria-controls={open ? id : undefined} aria-activedescendant={open ? `${id}-${Math.min(chosen, list.length - 1)}` : undefined}
          aria-invalid={over > 0 || undefined} aria-describedby={over > -nearLimit ? id + "n" : undefined}
          onChange={(e) => {
            setText(e.target.value);
            setCaret(e.target.selectionStart);
            setChosen(0);
            if (e.target.value) core.typing(chatId);
          }}
          onSelect={(e) => setCaret(e.currentTarget.selectionStart)} onKeyDown={onKeyDown} onPaste={(e) => noFiles(e, e.clipboardData.files)} />
        <Button type="submit" look="main" isDisabled={!text.trim() || over > 0} aria-label={w.send}><Icon name="send" /></Button>
      </div>
      {over > -nearLimit && <p id={id + "n"} className={over > 0 ? "fault" : "hint"} role="status">{over > 0 ? w.tooLong(over) : w.left(-over)}</p>}
      <Dialog title={w.emoji} isOpen={picking} onClose={() => setPicking(false)}>
        <Suspense fallback={<p className="hint">{w.loading}</p>}>
          <EmojiPicker onClose={() => setPicking(false)} onPick={(emoji) => {
            setPicking(false);
            change(text.slice(0, caret) + emoji + text.slice(caret), caret + emoji.length);
          }} />
        </Suspense>
      </Dialog>
    </form>
  );
}
