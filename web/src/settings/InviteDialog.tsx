import { useState } from "react";
import type { ChatId } from "../core/wire.ts";
import { t } from "../strings/index.ts";
import { Button } from "../ui/Button.tsx";
import { Dialog } from "../ui/Dialog.tsx";
import { InviteLink, type MadeLink } from "./InviteLink.tsx";
import { InviteList } from "./InviteList.tsx";

const m = t.settings;

/** Creates an invite to a chat, or without one to the server, and lists the open ones. */
export default function InviteDialog({ chatId, title, onClose }: { chatId?: ChatId; title: string; onClose: () => void }) {
  const [made, setMade] = useState<MadeLink>();
  return (
    <Dialog title={m.invite} isOpen onClose={onClose}>
      <p>{m.inviteTo(title)}</p>
      <InviteLink chatId={chatId} made={made} onMade={setMade} />
      <InviteList key={made?.url} title={m.activeLinks} which={(i) => i.chatId === chatId} />
      <div className="row end"><Button onPress={onClose}>{t.app.close}</Button></div>
    </Dialog>
  );
}
