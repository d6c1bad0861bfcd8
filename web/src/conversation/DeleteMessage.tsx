import { useCore } from "../app/useCore.ts";
import type { Message } from "../core/wire.ts";
import { t } from "../strings/index.ts";
import { Button } from "../ui/Button.tsx";
import { Dialog } from "../ui/Dialog.tsx";
import { attempt } from "../ui/Toast.tsx";

/** Asks before deleting a message. */
export default function DeleteMessage({ message: m, onClose }: { message: Message; onClose: () => void }) {
  const core = useCore();
  return (
    <Dialog title={t.conversation.deleteTitle} isOpen onClose={onClose} role="alertdialog">
      <p>{t.conversation.deleteHint}</p>
      <div className="row end">
        <Button onPress={onClose}>{t.conversation.cancel}</Button>
        <Button look="danger" onPress={() => {
          onClose();
          attempt(() => core.change("delete", { chatId: m.chatId, target: m.seq }));
        }}>{t.conversation.delete}</Button>
      </div>
    </Dialog>
  );
}
