import { useCallback, useEffect, useState } from "react";
import { useCore, useSnapshot } from "../app/useCore.ts";
import { explain } from "../strings/failure.ts";
import type { Entry } from "../core/wire.ts";
import { t } from "../strings/index.ts";
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
  return (
    <Dialog title={r.browse} isOpen onClose={onClose}>
      {error && <p className="error" role="alert">{error}</p>}
      {chats?.length === 0 && <p className="hint">{r.noOpen}</p>}
      <ul className="combobox-list">
        {chats?.map((c) => (
          <li key={c.id} className="row option">
            <span dir="auto">{c.title}</span><span className="hint">{r.members(c.memberCount)}</span>
            <Button onPress={() => go(c)} aria-label={`${mine.has(c.id) ? r.openChat : r.join}: ${c.title}`}>{mine.has(c.id) ? r.openChat : r.join}</Button>
          </li>
        ))}
      </ul>
      {next && <Button onPress={() => void load(next)}>{r.more}</Button>}
      <div className="row end"><Button onPress={onClose}>{t.app.close}</Button></div>
    </Dialog>
  );
}
