import { useEffect, useState } from "react";
import { isOpenChat, navigate, paths } from "../app/route.ts";
import { useCore, useSnapshot } from "../app/useCore.ts";
import type { Chat } from "../core/chatModel.ts";
import { explain } from "../strings/failure.ts";
import { fuzzyFind } from "../core/search.ts";
import { userOf } from "../core/selectors.ts";
import type { User } from "../core/wire.ts";
import { Combobox } from "../sidebar/Combobox.tsx";
import { UserItem } from "../sidebar/UserItem.tsx";
import { t } from "../strings/index.ts";
import { Button } from "../ui/Button.tsx";
import { Dialog } from "../ui/Dialog.tsx";
import { attempt } from "../ui/Toast.tsx";

/** Asks before leaving. The last admin first picks a successor, because a chat with members needs an admin. */
export default function LeaveChat({ chat, onClose }: { chat: Chat; onClose: () => void }) {
  const core = useCore();
  const state = useSnapshot((s) => s.state);
  const [query, setQuery] = useState("");
  const [successor, setSuccessor] = useState<User>();
  const [loaded, setLoaded] = useState(false);
  const [error, setError] = useState("");
  const asks = chat.role === "admin" && chat.memberCount > 1; // whether there is another admin is known once the members are loaded
  useEffect(() => {
    if (asks) core.loadMembers(chat.id).then(() => setLoaded(true), (err) => setError(explain(err).message));
  }, [core, chat.id, asks]);
  const others = [...(chat.members ?? [])].filter(([id]) => id !== state.me?.id);
  const last = asks && loaded && others.length > 0 && !others.some(([, role]) => role === "admin");
  const candidates = last && !successor ? fuzzyFind(query, others.map(([id]) => userOf(state, id)), (u) => [u.name, u.handle]) : [];

  const leave = () => attempt(async () => {
    const open = isOpenChat(chat.id);
    if (last && successor) await core.api.putMember(chat.id, successor.id, "admin");
    await core.api.removeMember(chat.id, "me");
    if (open) navigate(paths.home);
    onClose();
  });
  return (
    <Dialog title={t.conversation.leaveChat(chat.title)} isOpen onClose={onClose} role="alertdialog">
      <p>{chat.memberCount > 1 ? t.conversation.leaveHint : t.conversation.leaveLastHint}</p>
      {error && <p className="error" role="alert">{error}</p>}
      {last && !successor && (
        <Combobox label={t.conversation.successor} hint={t.conversation.addHint} items={candidates} keyOf={(u) => u.id} show={(u) => <UserItem user={u} />} query={query} onQuery={setQuery} onPick={(u) => setSuccessor(u)} none={t.conversation.noOne} />
      )}
      {last && successor && <p>{t.conversation.successorIs(successor.name)}</p>}
      <div className="row end">
        <Button onPress={onClose}>{t.conversation.cancel}</Button>
        <Button look="danger" isDisabled={asks && (!loaded || (last && !successor))} onPress={leave}>{last ? t.conversation.handOver : t.conversation.leave}</Button>
      </div>
    </Dialog>
  );
}
