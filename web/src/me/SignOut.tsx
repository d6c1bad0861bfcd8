import { useEffect } from "react";
import { useCore, useSnapshot } from "../app/useCore.ts";
import { t } from "../strings/index.ts";
import { Button } from "../ui/Button.tsx";
import { Dialog } from "../ui/Dialog.tsx";
import { attempt } from "../ui/Toast.tsx";

/** Signs out, at once unless that loses messages. */
export function SignOut({ onClose }: { onClose(): void }) {
  const core = useCore();
  const unsent = useSnapshot((s) => s.pending.some((p) => p.state !== "sent"));
  const out = () => {
    onClose();
    attempt(() => core.signOut());
  };
  useEffect(() => {
    if (!unsent) out();
  }, []);
  return (
    <Dialog title={t.rail.signOut} isOpen={unsent} onClose={onClose} role="alertdialog">
      <p>{t.me.unsent}</p>
      <div className="row end">
        <Button onPress={onClose}>{t.app.cancel}</Button>
        <Button look="danger" onPress={out}>{t.me.signOutAnyway}</Button>
      </div>
    </Dialog>
  );
}
