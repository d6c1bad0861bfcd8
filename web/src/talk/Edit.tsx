import { useEffect, useRef, useState } from "react";
import { useCore } from "../app/useCore.ts";
import { asFailure } from "../core/failure.ts";
import { newId } from "../core/id.ts";
import type { Message } from "../core/wire.ts";
import { t } from "../strings/index.ts";
import { Button } from "../ui/Button.tsx";

/** A message being edited, in its place. */
export function Edit({ message, onDone }: { message: Message; onDone(): void }) {
  const core = useCore();
  const [text, setText] = useState(message.text);
  const [clientId] = useState(newId);
  const [fault, setFault] = useState("");
  const field = useRef<HTMLTextAreaElement>(null);
  useEffect(() => {
    field.current?.focus();
    field.current?.setSelectionRange(text.length, text.length);
  }, []);

  async function save() {
    if (!text.trim() || text === message.text) return onDone();
    try {
      await core.command("edit", { chatId: message.chatId, target: message.seq, text, clientId });
      onDone();
    } catch (err) {
      setFault(asFailure(err).message);
    }
  }
  return (
    <div className="edit-form">
      <textarea ref={field} aria-label={t.talk.editing} value={text} dir="auto" onChange={(e) => setText(e.target.value)}
        onKeyDown={(e) => {
          e.stopPropagation();
          if (e.key === "Escape") onDone();
          else if (e.key === "Enter" && !e.shiftKey && !e.nativeEvent.isComposing) {
            e.preventDefault();
            void save();
          }
        }} />
      {fault && <p className="fault" role="alert">{fault}</p>}
      <div className="row end"><Button onPress={onDone}>{t.talk.cancel}</Button><Button look="main" onPress={save}>{t.talk.save}</Button></div>
    </div>
  );
}
