import { useMemo, useState } from "react";
import { useCore, useSnapshot } from "../app/useCore.ts";
import type { Chat } from "../core/chatModel.ts";
import { fuzzyFind } from "../core/search.ts";
import { foundChats, pictureOf, titleOf } from "../core/selectors.ts";
import type { User } from "../core/wire.ts";
import { t } from "../strings/index.ts";
import { Avatar } from "../ui/Avatar.tsx";
import { Dialog } from "../ui/Dialog.tsx";
import { attempt } from "../ui/Toast.tsx";
import { openChat, openDirectChat } from "./openChat.ts";
import { Combobox } from "./Combobox.tsx";
import { UserItem } from "./UserItem.tsx";
import { useUserSearch } from "./useUserSearch.ts";

type Goal = { chat: Chat; user?: undefined } | { user: User; chat?: undefined };

export default function QuickSwitcher({ onClose }: { onClose: () => void }) {
  const core = useCore();
  const state = useSnapshot((s) => s.state);
  const [chats] = useState(() => foundChats(state)); // of the moment of opening: a message that comes moves no row
  const [query, setQuery] = useState("");
  const { people, searching } = useUserSearch(query);
  const goals = useMemo((): Goal[] => {
    const found = query.trim() ? fuzzyFind(query, chats, (c) => [titleOf(state, c), c.topic]) : chats.slice(0, 20);
    const talked = new Set(chats.map((c) => c.with)); // an empty direct chat is found by its person
    return [...found.map((chat) => ({ chat })), ...(query.trim() ? people.filter((u) => !talked.has(u.id)).map((user) => ({ user })) : [])];
  }, [state, chats, query, people]);

  function go(g: Goal) {
    onClose();
    if (g.chat) openChat(g.chat.id);
    else attempt(() => openDirectChat(core, g.user.id));
  }
  return (
    <Dialog title={t.sidebar.jump} look="palette" isOpen onClose={onClose}>
      <Combobox label={t.sidebar.jumpHint} items={goals} keyOf={(g) => g.chat?.id ?? g.user!.id} query={query} onQuery={setQuery} onPick={go} none={searching ? undefined : t.sidebar.noResults(query.trim())}
        show={(g) => (g.chat ? <><Avatar user={{ id: g.chat.with ?? g.chat.id, name: titleOf(state, g.chat), picture: pictureOf(state, g.chat) }} group={g.chat.kind === "group"} size="small" /><b dir="auto">{titleOf(state, g.chat)}</b></> : <UserItem user={g.user} />)} />
    </Dialog>
  );
}
