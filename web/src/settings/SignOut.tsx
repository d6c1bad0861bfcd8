import { useEffect, useEffectEvent, useState } from "react";
import { navigate, paths } from "../app/route.ts";
import { useCore, useSnapshot } from "../app/useCore.ts";
import { t } from "../strings/index.ts";
import { Button } from "../ui/Button.tsx";
import { Dialog } from "../ui/Dialog.tsx";
import { attempt } from "../ui/Toast.tsx";

/** Signs out, and asks first if that deletes unsent texts of any tab. */
export function SignOut({ onClose }: { onClose: () => void }) {
  const core = useCore();
  const pending = useSnapshot((s) => s.pending);
  const unsent = pending.find((p) => p.state !== "sent")?.chatId; // the first one's chat
  const [kept, setKept] = useState<{ messages: boolean; drafts: boolean }>();
  const signOut = () => {
    onClose();
    attempt(() => core.signOut());
  };
  const [asks, setAsks] = useState(false); // once it asks, only its button signs out
  const signOutUnasked = useEffectEvent(signOut);
  useEffect(() => {
    let cancelled = false;
    const none = { messages: false, drafts: false };
    void (core.storage?.unsent() ?? Promise.resolve(none)).catch(() => none).then(({ messages, drafts }) => {
      if (cancelled) return;
      const any = messages || drafts || !!unsent;
      setKept({ messages: messages || !!unsent, drafts });
      if (any) setAsks(true);
      else if (!asks) signOutUnasked();
    });
    return () => void (cancelled = true);
  }, [core, pending, unsent, asks]);
  if (!asks || !kept) return null;
  return (
    <Dialog title={t.sidebar.signOut} isOpen onClose={onClose} role="alertdialog">
      {kept.messages && <p>{t.settings.unsent}</p>}
      {kept.drafts && <p>{t.settings.drafts}</p>}
      {!kept.messages && !kept.drafts && <p role="status">{t.settings.allSent}</p>}
      <div className="row end">
        <Button onPress={onClose}>{t.app.cancel}</Button>
        {unsent && <Button onPress={() => { onClose(); navigate(paths.chat(unsent)); }}>{t.settings.showUnsent}</Button>}
        <Button look="danger" onPress={signOut}>{kept.messages || kept.drafts ? t.settings.signOutAnyway : t.sidebar.signOut}</Button>
      </div>
    </Dialog>
  );
}
