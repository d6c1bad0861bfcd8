import { useState } from "react";
import { useCore } from "../app/useCore.ts";
import type { Chat } from "../core/chatModel.ts";
import { explain } from "../strings/failure.ts";
import { newId } from "../core/id.ts";
import { t } from "../strings/index.ts";
import { Button } from "../ui/Button.tsx";
import { Dialog } from "../ui/Dialog.tsx";
import { Field } from "../ui/Field.tsx";

export default function RenameChat({ chat, onClose }: { chat: Chat; onClose: () => void }) {
  const core = useCore();
  const [title, setTitle] = useState(chat.title);
  const [topic, setTopic] = useState(chat.topic);
  const [error, setError] = useState<{ field?: string; message: string }>();
  const at = (field: string) => (error?.field === field ? error.message : undefined);
  return (
    <Dialog title={t.conversation.rename} isOpen onClose={onClose}>
      <form className="stack" onSubmit={(e) => {
        e.preventDefault();
        if (!title.trim()) return setError({ field: "title", message: t.conversation.needsName });
        core.api.changeChat(chat.id, { title: title.trim(), topic: topic.trim(), clientId: newId() }).then(onClose, (err) => setError(explain(err)));
      }}>
        <Field label={t.conversation.title} value={title} onChange={setTitle} autoFocus error={at("title")} />
        <Field label={t.conversation.topic} value={topic} onChange={setTopic} error={at("topic")} />
        {error && !at("title") && !at("topic") && <p className="error" role="alert">{error.message}</p>}
        <div className="row end">
          <Button onPress={onClose}>{t.conversation.cancel}</Button>
          <Button type="submit" look="main">{t.conversation.save}</Button>
        </div>
      </form>
    </Dialog>
  );
}
