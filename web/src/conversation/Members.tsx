import { useEffect, useMemo, useState } from "react";
import { Menu, MenuItem, MenuTrigger, Popover } from "react-aria-components";
import { lazyPart } from "../app/lazyPart.tsx";
import { useCore, useSnapshot } from "../app/useCore.ts";
import type { Chat } from "../core/chatModel.ts";
import { explain } from "../strings/failure.ts";
import { fuzzyFind } from "../core/search.ts";
import { userOf } from "../core/selectors.ts";
import type { Role, User } from "../core/wire.ts";
import { openDirectChat } from "../sidebar/openChat.ts";
import { Combobox } from "../sidebar/Combobox.tsx";
import { loadVirtualList } from "../sidebar/loadVirtualList.ts";
import { UserItem } from "../sidebar/UserItem.tsx";
import { useUserSearch } from "../sidebar/useUserSearch.ts";
import { t } from "../strings/index.ts";
import { Button } from "../ui/Button.tsx";
import { Field } from "../ui/Field.tsx";
import { Icon } from "../ui/Icon.tsx";
import { Dialog } from "../ui/Dialog.tsx";
import { attempt } from "../ui/Toast.tsx";
import { PopoverBack } from "../ui/PopoverBack.tsx";

const VirtualList = lazyPart(async () => (await loadVirtualList()).default<Item>);
const maxPlainRows = 300; // rows; a longer list is virtual
const order = new Intl.Collator(undefined, { numeric: true, sensitivity: "base" }); // admins first, then by name
const searchFrom = 20; // members; more get a search field

interface Item { readonly key: string; readonly user: User; readonly role: Role }

export default function Members({ chat, onClose }: { chat: Chat; onClose: () => void }) {
  const core = useCore();
  const users = useSnapshot((s) => s.state.users);
  const [adding, setAdding] = useState("");
  const [query, setQuery] = useState("");
  const [error, setError] = useState("");
  const [removing, setRemoving] = useState<User>();
  useEffect(() => {
    core.loadMembers(chat.id).catch((err) => setError(explain(err).message));
  }, [core, chat.id]);
  const { people, searching } = useUserSearch(adding);
  const members = useMemo((): Item[] => [...(chat.members ?? [])].map(([id, role]) => ({ key: id, user: userOf({ users }, id), role }))
    .sort((a, b) => Number(b.role === "admin") - Number(a.role === "admin") || order.compare(a.user.name, b.user.name)), [chat.members, users]);
  const shown = query.trim() ? fuzzyFind(query, members, (m) => [m.user.name, m.user.handle], members.length) : members;
  const show = (m: Item) => <MemberItem user={m.user} role={m.role} chat={chat} onRemove={setRemoving} onClose={onClose} />;
  return (
    <Dialog title={t.conversation.members(chat.memberCount)} isOpen onClose={onClose}>
      {error && <p className="error" role="alert">{error}</p>}
      {chat.role === "admin" && (
        <Combobox label={t.conversation.addPeople} hint={t.conversation.addHint} items={adding.trim() ? people.filter((u) => !chat.members?.has(u.id)) : []} keyOf={(u) => u.id} show={(u) => <UserItem user={u} />}
          query={adding} onQuery={setAdding} none={searching ? undefined : t.conversation.noOneElse} onPick={(u) => { setAdding(""); attempt(() => core.api.putMember(chat.id, u.id)); }} />
      )}
      {members.length > searchFrom && <Field label={t.conversation.searchMembers} type="search" value={query} onChange={setQuery} autoComplete="off" />}
      {!chat.members && !error && <p className="hint" role="status">{t.conversation.loadingMembers}</p>}
      {query && shown.length === 0 && <p className="hint" role="status">{t.conversation.noOne}</p>}
      <div className="combobox-list">
        {shown.length <= maxPlainRows ? <ul aria-label={t.conversation.members(chat.memberCount)}>{shown.map((m) => <li key={m.key}>{show(m)}</li>)}</ul> : <VirtualList items={shown} show={show} />}
      </div>
      <div className="row end"><Button onPress={onClose}>{t.app.close}</Button></div>
      <Dialog title={t.conversation.removeTitle(removing?.name ?? "")} isOpen={!!removing} onClose={() => setRemoving(undefined)} role="alertdialog">
        <p>{t.conversation.removeHint(chat.title)}</p>
        <div className="row end">
          <Button onPress={() => setRemoving(undefined)}>{t.app.cancel}</Button>
          <Button look="danger" onPress={() => {
            setRemoving(undefined);
            if (removing) attempt(() => core.api.removeMember(chat.id, removing.id));
          }}>{t.conversation.confirmRemove}</Button>
        </div>
      </Dialog>
    </Dialog>
  );
}

function MemberItem({ user, role, chat, onRemove, onClose }: { user: User; role: Role; chat: Chat; onRemove: (user: User) => void; onClose: () => void }) {
  const core = useCore();
  const me = useSnapshot((s) => s.state.me?.id === user.id);
  const admin = chat.role === "admin";
  const takesCharge = useSnapshot((s) => s.state.me?.role === "admin") && me && !admin; // an admin of the server
  return (
    <div className="option member">
      <UserItem user={user} />
      {(role === "admin" || me) && <span className="member-mark">{t.conversation.marks([...(me ? [t.conversation.you] : []), ...(role === "admin" ? [t.conversation.admin] : [])])}</span>}
      {(!me || admin || takesCharge) && (
        <MenuTrigger>
          <Button look="plain icon" aria-label={t.conversation.memberMenu(user.name)} tip=""><Icon name="more" /></Button>
          <Popover className="popover">
            <PopoverBack />
            <Menu className="menu" onAction={(what) => attempt(async () => {
              if (what === "write") {
                onClose();
                await openDirectChat(core, user.id);
              } else if (what === "remove") onRemove(user);
              else await core.api.putMember(chat.id, user.id, role === "admin" ? "member" : "admin");
            })}>
              {!me && <MenuItem id="write">{t.conversation.message(user.name)}</MenuItem>}
              {takesCharge && <MenuItem id="role">{t.conversation.takeCharge}</MenuItem>}
              {admin && <MenuItem id="role">{role === "admin" ? t.conversation.removeAdmin : t.conversation.makeAdmin}</MenuItem>}
              {admin && !me && <MenuItem id="remove" className="danger">{t.conversation.remove}</MenuItem>}
            </Menu>
          </Popover>
        </MenuTrigger>
      )}
    </div>
  );
}
