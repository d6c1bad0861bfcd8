import { type KeyboardEvent, useEffect, useEffectEvent, useRef, useState } from "react";
import { useCore, useSnapshot } from "../app/useCore.ts";
import { explain } from "../strings/failure.ts";
import { inFence } from "../core/fence.ts";
import { newId } from "../core/id.ts";
import { editKey } from "../core/storage.ts";
import type { Message } from "../core/wire.ts";
import { visible } from "../core/text.ts";
import { t } from "../strings/index.ts";
import { Button } from "../ui/Button.tsx";
import { formatByKey, pasteRich } from "../composer/formatting.ts";
import { convertShortcode } from "../composer/shortcode.ts";
import { SuggestionList, useSuggestionMenu } from "../composer/SuggestionList.tsx";
import { byteLength, excess, sends } from "../composer/text.ts";
import { useDraft } from "../composer/useDraft.ts";
import { useTextField } from "../composer/useTextField.ts";

/** Edits a message in its place. An unfinished edit is stored like a draft; resumed: it was left unfinished earlier. */
export function EditForm({ message, resumed, onDone }: { message: Message; resumed: boolean; onDone: () => void }) {
  const core = useCore();
  const limit = useSnapshot((s) => s.state.limits.text);
  const draft = useDraft(editKey(message.chatId, message.seq), { initial: message.text, onGone: onDone });
  const { text } = draft;
  // The event of the user's own edit may arrive before its reply: then the texts are the same.
  const untouched = text === draft.of, overtaken = draft.of !== message.text && text.trim() !== message.text && !message.deletedAt;
  const restart = useEffectEvent((to: string) => draft.restart(to));
  useEffect(() => {
    if (overtaken && untouched) restart(message.text);
  }, [overtaken, untouched, message.text]);
  const [error, setError] = useState("");
  const [busy, setBusy] = useState(false);
  const asked = useRef({ text: "", clientId: "" }); // a retry of the same text has the same clientId
  const { fieldRef, caret, setCaret, insert } = useTextField();
  const menu = useSuggestionMenu(message.chatId, text, caret, insert);
  const over = byteLength(text) - limit;
  const done = () => {
    draft.end();
    onDone();
  };
  const focus = useEffectEvent(() => {
    if (resumed) return; // an edit from before must not take the focus from what is being done
    fieldRef.current?.focus();
    fieldRef.current?.setSelectionRange(text.length, text.length);
  });
  useEffect(() => focus(), []);

  async function save() {
    const now = text.trim();
    if (busy || over > 0 || message.deletedAt) return;
    if (!visible(now)) return setError(t.conversation.editEmpty);
    if (now === message.text) return done();
    if (asked.current.text !== now) asked.current = { text: now, clientId: newId() };
    setBusy(true);
    try {
      await core.change("edit", { chatId: message.chatId, target: message.seq, ...asked.current });
      done();
    } catch (err) {
      setError(explain(err).message);
      setBusy(false);
    }
  }
  function onKeyDown(e: KeyboardEvent<HTMLTextAreaElement>) {
    if (menu.takesKey(e) || formatByKey(e.nativeEvent, e.currentTarget) || !sends(e.nativeEvent, e.currentTarget)) return;
    e.preventDefault();
    void save();
  }
  return (
    <div className="edit-form" onKeyDown={(e) => {
      e.stopPropagation();
      if (e.key === "Escape") done();
    }}>
      <div className="edit-field">
        <SuggestionList menu={menu} />
        <textarea ref={fieldRef} aria-label={t.conversation.editing} value={text} dir="auto" rows={Math.min(12, text.split("\n").length)} enterKeyHint={inFence(text, caret) ? "enter" : "send"}
          {...menu.fieldProps} aria-invalid={over > 0 || undefined}
          onChange={(e) => {
            draft.set(e.target.value);
            setCaret(e.target.selectionStart);
            setError("");
            menu.reset();
            void convertShortcode(e.nativeEvent as InputEvent, e.target, insert);
          }}
          onKeyDown={onKeyDown} onBlur={menu.close} onPaste={(e) => pasteRich(e.nativeEvent, e.currentTarget)} />
      </div>
      {overtaken && !untouched && (
        <div className="edit-overtaken" role="alert">
          <p>{t.conversation.editOvertaken}</p>
          <blockquote dir="auto">{message.text}</blockquote>
          <Button onPress={() => draft.restart(message.text)}>{t.conversation.editTheirs}</Button>
        </div>
      )}
      {message.deletedAt && <p className="error" role="alert">{t.conversation.deleted}</p>}
      {over > 0 && <p className="error" role="status">{t.composer.tooLong(excess(text, limit))}</p>}
      {error && <p className="error" role="alert">{error}</p>}
      <div className="row end"><Button onPress={done}>{t.conversation.cancel}</Button><Button look="main" isDisabled={busy || over > 0 || !!message.deletedAt} onPress={() => void save()}>{t.conversation.save}</Button></div>
    </div>
  );
}
