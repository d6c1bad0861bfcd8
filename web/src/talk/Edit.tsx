import { useEffect, useRef, useState } from "react";
import { useCore, useSnapshot } from "../app/useCore.ts";
import { asFailure } from "../core/failure.ts";
import { newId } from "../core/id.ts";
import type { Message } from "../core/wire.ts";
import { t } from "../strings/index.ts";
import { Button } from "../ui/Button.tsx";
import { byteLength, composing, sends } from "../write/text.ts";

/** A message being edited, in its place. */
export function Edit({ message, onDone }: { message: Message; onDone(): void }) {
  const core = useCore();
  const limit = useSnapshot((s) => s.state.limits?.text ?? Infinity);
  const [text, setText] = useState(message.text);
  const [fault, setFault] = useState("");
  const [busy, setBusy] = useState(false);
  const asked = useRef({ text: "", clientId: "" }); // the same text again is the same change
  const field = useRef<HTMLTextAreaElement>(null);
  const over = byteLength(text) - limit;
  useEffect(() => {
    field.current?.focus();
    field.current?.setSelectionRange(text.length, text.length);
  }, []);

  async function save() {
    const now = text.trim();
    if (busy || over > 0) return;
    if (!now) return setFault(t.talk.editEmpty);
    if (now === message.text) return onDone();
    if (asked.current.text !== now) asked.current = { text: now, clientId: newId() };
    setBusy(true);
    try {
      await core.change("edit", { chatId: message.chatId, target: message.seq, ...asked.current });
      onDone();
    } catch (err) {
      setFault(asFailure(err).message);
      setBusy(false);
    }
  }
  return (
    <div className="edit-form" onKeyDown={(e) => {
      if (composing(e.nativeEvent)) return;
      e.stopPropagation();
      if (e.key === "Escape") onDone();
    }}>
      <textarea ref={field} aria-label={t.talk.editing} value={text} dir="auto" rows={Math.min(12, text.split("\n").length)} enterKeyHint="send" aria-invalid={over > 0 || undefined}
        onChange={(e) => { setText(e.target.value); setFault(""); }}
        onKeyDown={(e) => {
          if (!sends(e.nativeEvent, e.currentTarget)) return;
          e.preventDefault();
          void save();
        }} />
      {over > 0 && <p className="fault" role="status">{t.write.tooLong(over)}</p>}
      {fault && <p className="fault" role="alert">{fault}</p>}
      <div className="row end"><Button onPress={onDone}>{t.talk.cancel}</Button><Button look="main" isDisabled={busy || over > 0} onPress={save}>{t.talk.save}</Button></div>
    </div>
  );
}
