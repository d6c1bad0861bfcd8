import { useMemo, useState } from "react";
import { navigate, paths } from "../app/route.ts";
import { useCore, useSnapshot } from "../app/useCore.ts";
import type { Chat } from "../core/chat.ts";
import { find } from "../core/search.ts";
import { chatsByActivity, titleOf } from "../core/select.ts";
import type { User } from "../core/wire.ts";
import { t } from "../strings/index.ts";
import { Avatar } from "../ui/Avatar.tsx";
import { Dialog } from "../ui/Dialog.tsx";
import { attempt } from "../ui/Toast.tsx";
import { openDirect } from "./direct.ts";
import { Finder } from "./Finder.tsx";
import { Person } from "./Person.tsx";
import { usePeople } from "./usePeople.ts";

type Goal = { chat: Chat; user?: undefined } | { user: User; chat?: undefined };

export default function Jump({ onClose }: { onClose(): void }) {
  const core = useCore();
  const state = useSnapshot((s) => s.state);
  const [query, setQuery] = useState("");
  const { people, searching } = usePeople(query);
  const goals = useMemo((): Goal[] => {
    const chats = chatsByActivity(state);
    const found = query.trim() ? find(query, chats, (c) => [titleOf(state, c), c.topic]) : chats.slice(0, 20);
    const talked = new Set(chats.map((c) => c.with));
    return [...found.map((chat) => ({ chat })), ...(query.trim() ? people.filter((u) => !talked.has(u.id)).map((user) => ({ user })) : [])];
  }, [state, query, people]);

  function go(g: Goal) {
    onClose();
    if (g.chat) navigate(paths.chat(g.chat.id));
    else attempt(() => openDirect(core, g.user.id));
  }
  return (
    <Dialog title={t.rail.jump} isOpen onClose={onClose}>
      <Finder label={t.rail.jumpHint} items={goals} keyOf={(g) => g.chat?.id ?? g.user!.id} query={query} onQuery={setQuery} onPick={go} none={searching ? undefined : t.rail.nothingFound}
        show={(g) => (g.chat ? <><Avatar user={{ name: titleOf(state, g.chat) }} small /><span dir="auto">{titleOf(state, g.chat)}</span></> : <Person user={g.user} />)} />
    </Dialog>
  );
}
