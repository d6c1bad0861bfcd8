import { useEffect, useState } from "react";
import { navigate, paths } from "../app/route.ts";
import { useCore, useSnapshot } from "../app/useCore.ts";
import type { Chat } from "../core/chatModel.ts";
import type { LoadedMessage } from "../core/message.ts";
import { userOf } from "../core/selectors.ts";
import { t } from "../strings/index.ts";
import { Avatar } from "../ui/Avatar.tsx";
import { Button } from "../ui/Button.tsx";
import { Dialog } from "../ui/Dialog.tsx";
import { Icon } from "../ui/Icon.tsx";
import { Time } from "../ui/Time.tsx";
import { attempt } from "../ui/Toast.tsx";
import { MessageFiles } from "./MessageFiles.tsx";
import type { MessageActions } from "./messageActions.ts";
import { MessageBody } from "./MessageRow.tsx";

/** The pinned messages of a chat, the one pinned last first. */
export function Pins({ chat, onView, onClose }: { chat: Chat; onView: MessageActions["view"]; onClose: () => void }) {
  const core = useCore();
  const [failed, setFailed] = useState(false);
  const pins = chat.pins && [...chat.pins.values()].reverse();
  const missing = !pins || pins.includes(undefined); // one was pinned elsewhere that is not loaded here
  const load = () => core.loadPins(chat.id).then(() => setFailed(false), () => setFailed(true));
  useEffect(() => {
    if (missing) core.loadPins(chat.id).then(() => setFailed(false), () => setFailed(true));
  }, [core, chat.id, missing]);
  const show = (m: LoadedMessage) => {
    onClose();
    navigate(paths.chat(chat.id, m.seq));
  };
  return (
    <Dialog title={t.pins.title} isOpen onClose={onClose}>
      {pins?.length === 0 && <p className="hint">{t.pins.none}</p>}
      {missing && !failed && <p className="hint" role="status">{t.pins.loading}</p>}
      {missing && failed && <div className="row"><p className="error" role="alert">{t.pins.failed}</p><Button onPress={() => void load()}>{t.pins.retry}</Button></div>}
      {pins && pins.length > 0 && <ul className="pin-list" aria-label={t.pins.title}>{pins.map((m) => m && <li key={m.seq}><Pin message={m} onShow={() => show(m)} onView={onView} /></li>)}</ul>}
      <div className="row end"><Button onPress={onClose}>{t.app.close}</Button></div>
    </Dialog>
  );
}

function Pin({ message: m, onShow, onView }: { message: LoadedMessage; onShow: () => void; onView: MessageActions["view"] }) {
  const core = useCore();
  const author = useSnapshot((s) => userOf(s.state, m.by));
  const handles = useSnapshot((s) => (m.mentions ?? []).map((u) => userOf(s.state, u).handle).join(" "));
  return (
    <article className="pin">
      <Avatar user={author} />
      <div>
        <p className="message-author"><b dir="auto">{author.name}</b><Time at={m.at} /></p>
        {m.text && <MessageBody text={m.text} named={new Set(handles.split(" ").filter(Boolean))} everyone={!!m.mentionsAll} />}
        {m.files && <MessageFiles message={m} files={m.files} onView={onView} />}
        <div className="row">
          <Button onPress={onShow}>{t.pins.show}</Button>
          <Button look="plain" aria-label={t.pins.unpinOf(author.name)} onPress={() => attempt(() => core.change("pin", { chatId: m.chatId, target: m.seq, on: false }))}><Icon name="pin" />{t.pins.unpin}</Button>
        </div>
      </div>
    </article>
  );
}
