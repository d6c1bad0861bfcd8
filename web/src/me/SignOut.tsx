import { useEffect } from "react";
import { navigate, paths } from "../app/route.ts";
import { useCore, useSnapshot } from "../app/useCore.ts";
import { t } from "../strings/index.ts";
import { Button } from "../ui/Button.tsx";
import { Dialog } from "../ui/Dialog.tsx";
import { attempt } from "../ui/Toast.tsx";

/** Signs out, at once unless that loses messages. */
export function SignOut({ onClose }: { onClose(): void }) {
  const core = useCore();
  const unsent = useSnapshot((s) => s.pending.find((p) => p.state !== "sent")?.chatId); // the chat of the first
  const out = () => {
    onClose();
    attempt(() => core.signOut());
  };
  useEffect(() => {
    if (!unsent) out(); // from the start, or because it was sent while one was asked
  }, [!unsent]);
  return (
    <Dialog title={t.rail.signOut} isOpen={!!unsent} onClose={onClose} role="alertdialog">
      <p>{t.me.unsent}</p>
      <div className="row end">
        <Button onPress={onClose}>{t.app.cancel}</Button>
        {unsent && <Button onPress={() => { onClose(); navigate(paths.chat(unsent)); }}>{t.me.showUnsent}</Button>}
        <Button look="danger" onPress={out}>{t.me.signOutAnyway}</Button>
      </div>
    </Dialog>
  );
}
