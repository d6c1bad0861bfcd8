import { useState } from "react";
import { navigate, paths } from "../app/route.ts";
import { useCore } from "../app/useCore.ts";
import type { Chat } from "../core/chatModel.ts";
import { newId } from "../core/id.ts";
import { t } from "../strings/index.ts";
import { Button } from "../ui/Button.tsx";
import { Dialog } from "../ui/Dialog.tsx";
import { attempt } from "../ui/Toast.tsx";

/** Asks before deleting a chat. A retry in the same dialog has the same clientId. */
export default function DeleteChat({ chat, title, onClose }: { chat: Chat; title: string; onClose: () => void }) {
  const core = useCore();
  const [clientId] = useState(newId);
  return (
    <Dialog title={t.conversation.deleteChat(title)} isOpen onClose={onClose} role="alertdialog">
      <p>{t.conversation.deleteChatHint(chat.memberCount)}</p>
      <div className="row end">
        <Button onPress={onClose}>{t.conversation.cancel}</Button>
        <Button look="danger" onPress={() => attempt(async () => {
          await core.api.deleteChat(chat.id, clientId);
          navigate(paths.home);
        })}>{t.conversation.deleteChatNow}</Button>
      </div>
    </Dialog>
  );
}
