import { useEffect, useState } from "react";
import { Menu, MenuItem, MenuTrigger, Popover } from "react-aria-components";
import { useCore, useSnapshot } from "../app/useCore.ts";
import type { Chat } from "../core/chat.ts";
import { asFailure } from "../core/failure.ts";
import { userOf } from "../core/select.ts";
import type { Role, UserId } from "../core/wire.ts";
import { openDirect } from "../rail/direct.ts";
import { Finder } from "../rail/Finder.tsx";
import { Person } from "../rail/Person.tsx";
import { usePeople } from "../rail/usePeople.ts";
import { t } from "../strings/index.ts";
import { Button } from "../ui/Button.tsx";
import { Icon } from "../ui/Icon.tsx";
import { Dialog } from "../ui/Dialog.tsx";
import { attempt } from "../ui/Toast.tsx";

export default function Members({ chat, onClose }: { chat: Chat; onClose(): void }) {
  const core = useCore();
  const [query, setQuery] = useState("");
  const [fault, setFault] = useState("");
  useEffect(() => {
    core.loadMembers(chat.id).catch((err) => setFault(asFailure(err).message));
  }, [core, chat.id]);
  const people = usePeople(query).filter((u) => !chat.members?.has(u.id));
  const admin = chat.role === "admin";
  return (
    <Dialog title={t.talk.members(chat.memberCount)} isOpen onClose={onClose}>
      {fault && <p className="fault" role="alert">{fault}</p>}
      {admin && (
        <Finder label={t.talk.addPeople} hint={t.talk.addHint} items={query.trim() ? people : []} keyOf={(u) => u.id} show={(u) => <Person user={u} />} query={query} onQuery={setQuery} none={t.talk.nobody}
          onPick={(u) => { setQuery(""); attempt(() => core.api.putMember(chat.id, u.id)); }} />
      )}
      <ul className="found" aria-label={t.talk.members(chat.memberCount)}>
        {[...(chat.members ?? [])].map(([id, role]) => <One key={id} id={id} role={role} chat={chat} admin={admin} onClose={onClose} />)}
      </ul>
      <div className="row end"><Button onPress={onClose}>{t.app.close}</Button></div>
    </Dialog>
  );
}

function One({ id, role, chat, admin, onClose }: { id: UserId; role: Role; chat: Chat; admin: boolean; onClose(): void }) {
  const core = useCore();
  const user = useSnapshot((s) => userOf(s.state, id));
  const me = useSnapshot((s) => s.state.me?.id === id);
  return (
    <li className="option">
      <Person user={user} />
      {role === "admin" && <span className="hint">{t.talk.admin}</span>}
      <MenuTrigger>
        <Button look="plain icon" aria-label={`${t.talk.menu}: ${user.name}`}><Icon name="more" /></Button>
        <Popover className="popover">
          <Menu className="menu" disabledKeys={me ? ["write", "remove"] : []} onAction={(what) => attempt(async () => {
            if (what === "write") {
              onClose();
              await openDirect(core, id);
            } else if (what === "remove") await core.api.removeMember(chat.id, id);
            else await core.api.putMember(chat.id, id, role === "admin" ? "member" : "admin");
          })}>
            <MenuItem id="write">{t.talk.writeTo} {user.name}</MenuItem>
            {admin && <MenuItem id="role">{role === "admin" ? t.talk.makeMember : t.talk.makeAdmin}</MenuItem>}
            {admin && <MenuItem id="remove">{t.talk.remove}</MenuItem>}
          </Menu>
        </Popover>
      </MenuTrigger>
    </li>
  );
}
