import { navigate, paths } from "../app/route.ts";
import { useCore } from "../app/useCore.ts";
import type { Chat } from "../core/chat.ts";
import { t } from "../strings/index.ts";
import { Button } from "../ui/Button.tsx";
import { Dialog } from "../ui/Dialog.tsx";
import { attempt } from "../ui/Toast.tsx";

export default function Leave({ chat, onClose }: { chat: Chat; onClose(): void }) {
  const core = useCore();
  return (
    <Dialog title={`${t.talk.leave}: ${chat.title}`} isOpen onClose={onClose} role="alertdialog">
      <p>{t.talk.leaveWhy}</p>
      <div className="row end">
        <Button onPress={onClose}>{t.talk.cancel}</Button>
        <Button look="danger" onPress={() => attempt(async () => {
          await core.api.removeMember(chat.id, "me");
          navigate(paths.home);
        })}>{t.talk.leave}</Button>
      </div>
    </Dialog>
  );
}
