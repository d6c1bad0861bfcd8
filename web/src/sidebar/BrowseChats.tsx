import { type MouseEvent, useCallback, useEffect, useState } from "react";
import { follow, paths } from "../app/route.ts";
import { useCore, useSnapshot } from "../app/useCore.ts";
import { explain } from "../strings/failure.ts";
import type { Entry } from "../core/wire.ts";
import { t } from "../strings/index.ts";
import { Avatar } from "../ui/Avatar.tsx";
import { Button } from "../ui/Button.tsx";
import { Dialog } from "../ui/Dialog.tsx";
import { attempt } from "../ui/Toast.tsx";
import { openChat } from "./openChat.ts";

const r = t.sidebar;

export default function BrowseChats({ onClose }: { onClose: () => void }) {
  const core = useCore();
  const mine = useSnapshot((s) => s.state.chats);
  const [chats, setChats] = useState<readonly Entry[]>();
  const [next, setNext] = useState<string>();
  const [error, setError] = useState("");
  const load = useCallback((before?: string) => core.api.openChats({ limit: 50, before }).then(
    (page) => {
      setChats((old = []) => [...(before ? old : []), ...page.chats]);
      setNext(page.next);
    },
    (err) => setError(explain(err).message),
  ), [core]);
  useEffect(() => void load(), [load]);

  function go(c: Entry) {
    attempt(async () => {
      if (!mine.has(c.id)) await core.join(c.id);
      onClose();
      openChat(c.id);
    });
  }
  /** Shows the chat's page without joining it. */
  function look(e: MouseEvent, c: Entry) {
    if (!follow(e, paths.chat(c.id))) return;
    onClose();
    if (mine.has(c.id)) openChat(c.id);
  }
  return (
    <Dialog title={r.browse} isOpen onClose={onClose}>
      {error && <p className="error" role="alert">{error}</p>}
      {chats?.length === 0 && <p className="hint">{r.noOpen}</p>}
      <ul className="combobox-list">
        {chats?.map((c) => (
          <li key={c.id} className="browse-chat">
            <Avatar user={{ id: c.id, name: c.title, picture: c.picture }} group />
            <a className="browse-names" href={paths.chat(c.id)} onClick={(e) => look(e, c)}>
              <b dir="auto">{c.title}</b>
              <span className="hint" dir="auto">{[r.members(c.memberCount), c.topic].filter(Boolean).join(" · ")}</span>
            </a>
            <Button onPress={() => go(c)} aria-label={`${mine.has(c.id) ? r.openChat : r.join}: ${c.title}`}>{mine.has(c.id) ? r.openChat : r.join}</Button>
          </li>
        ))}
      </ul>
      {next && <Button onPress={() => void load(next)}>{r.more}</Button>}
      <div className="row end"><Button onPress={onClose}>{t.app.close}</Button></div>
    </Dialog>
  );
}
