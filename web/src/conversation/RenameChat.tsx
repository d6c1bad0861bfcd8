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
  const [fault, setFault] = useState<{ field?: string; message: string }>();
  const at = (field: string) => (fault?.field === field ? fault.message : undefined);
  return (
    <Dialog title={t.conversation.rename} isOpen onClose={onClose}>
      <form className="stack" onSubmit={(e) => {
        e.preventDefault();
        if (!title.trim()) return setFault({ field: "title", message: t.conversation.needsName });
        core.api.changeChat(chat.id, { title: title.trim(), topic: topic.trim(), clientId: newId() }).then(onClose, (err) => setFault(explain(err)));
      }}>
        <Field label={t.conversation.title} value={title} onChange={setTitle} autoFocus fault={at("title")} />
        <Field label={t.conversation.topic} value={topic} onChange={setTopic} fault={at("topic")} />
        {fault && !at("title") && !at("topic") && <p className="fault" role="alert">{fault.message}</p>}
        <div className="row end">
          <Button onPress={onClose}>{t.conversation.cancel}</Button>
          <Button type="submit" look="main">{t.conversation.save}</Button>
        </div>
      </form>
    </Dialog>
  );
}
