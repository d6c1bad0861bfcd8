import { useEffect, useMemo, useState } from "react";
import { Menu, MenuItem, MenuTrigger, Popover } from "react-aria-components";
import { useCore, useSnapshot } from "../app/useCore.ts";
import type { Chat } from "../core/chat.ts";
import { asFailure } from "../core/failure.ts";
import { find } from "../core/search.ts";
import { userOf } from "../core/select.ts";
import type { Role, User } from "../core/wire.ts";
import { openDirect } from "../rail/direct.ts";
import { Finder } from "../rail/Finder.tsx";
import LongList from "../rail/LongList.tsx";
import { Person } from "../rail/Person.tsx";
import { usePeople } from "../rail/usePeople.ts";
import { t } from "../strings/index.ts";
import { Button } from "../ui/Button.tsx";
import { Field } from "../ui/Field.tsx";
import { Icon } from "../ui/Icon.tsx";
import { Dialog } from "../ui/Dialog.tsx";
import { attempt } from "../ui/Toast.tsx";

const mostPlain = 300; // as in the list of chats
const order = new Intl.Collator(undefined, { numeric: true, sensitivity: "base" }); // admins first, then by name
const fewEnough = 20; // to find somebody by looking

export default function Members({ chat, onClose }: { chat: Chat; onClose(): void }) {
  const core = useCore();
  const state = useSnapshot((s) => s.state);
  const [adding, setAdding] = useState("");
  const [query, setQuery] = useState("");
  const [fault, setFault] = useState("");
  useEffect(() => {
    core.loadMembers(chat.id).catch((err) => setFault(asFailure(err).message));
  }, [core, chat.id]);
  const { people, searching } = usePeople(adding);
  const members = useMemo(() => [...(chat.members ?? [])].map(([id, role]) => ({ key: id, user: userOf(state, id), role }))
    .sort((a, b) => Number(b.role === "admin") - Number(a.role === "admin") || order.compare(a.user.name, b.user.name)), [chat.members, state.users]);
  const shown = query.trim() ? find(query, members, (m) => [m.user.name, m.user.handle], members.length) : members;
  const show = (m: (typeof members)[number]) => <One user={m.user} role={m.role} chat={chat} onClose={onClose} />;
  return (
    <Dialog title={t.talk.members(chat.memberCount)} isOpen onClose={onClose}>
      {fault && <p className="fault" role="alert">{fault}</p>}
      {chat.role === "admin" && (
        <Finder label={t.talk.addPeople} hint={t.talk.addHint} items={adding.trim() ? people.filter((u) => !chat.members?.has(u.id)) : []} keyOf={(u) => u.id} show={(u) => <Person user={u} />}
          query={adding} onQuery={setAdding} none={searching ? undefined : t.talk.nobodyElse} onPick={(u) => { setAdding(""); attempt(() => core.api.putMember(chat.id, u.id)); }} />
      )}
      {members.length > fewEnough && <Field label={t.talk.searchMembers} type="search" value={query} onChange={setQuery} autoComplete="off" />}
      {!chat.members && !fault && <p className="hint" role="status">{t.talk.loadingMembers}</p>}
      {query && shown.length === 0 && <p className="hint" role="status">{t.talk.nobody}</p>}
      <div className="found">
        {shown.length <= mostPlain ? <ul aria-label={t.talk.members(chat.memberCount)}>{shown.map((m) => <li key={m.key}>{show(m)}</li>)}</ul> : <LongList items={shown} show={show} />}
      </div>
      <div className="row end"><Button onPress={onClose}>{t.app.close}</Button></div>
    </Dialog>
  );
}

function One({ user, role, chat, onClose }: { user: User; role: Role; chat: Chat; onClose(): void }) {
  const core = useCore();
  const me = useSnapshot((s) => s.state.me?.id === user.id);
  const admin = chat.role === "admin";
  return (
    <div className="option">
      <Person user={user} />
      {(role === "admin" || me) && <span className="mark">{[me && t.talk.you, role === "admin" && t.talk.admin].filter(Boolean).join(", ")}</span>}
      {(!me || admin) && (
        <MenuTrigger>
          <Button look="plain icon" aria-label={`${t.talk.menu}: ${user.name}`}><Icon name="more" /></Button>
          <Popover className="popover">
            <Menu className="menu" onAction={(what) => attempt(async () => {
              if (what === "write") {
                onClose();
                await openDirect(core, user.id);
              } else if (what === "remove") await core.api.removeMember(chat.id, user.id);
              else await core.api.putMember(chat.id, user.id, role === "admin" ? "member" : "admin");
            })}>
              {!me && <MenuItem id="write">{t.talk.writeTo} {user.name}</MenuItem>}
              {admin && <MenuItem id="role">{role === "admin" ? t.talk.makeMember : t.talk.makeAdmin}</MenuItem>}
              {admin && !me && <MenuItem id="remove">{t.talk.remove}</MenuItem>}
            </Menu>
          </Popover>
        </MenuTrigger>
      )}
    </div>
  );
}
