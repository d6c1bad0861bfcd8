import { useCallback, useEffect, useState } from "react";
import { Menu, MenuItem, MenuTrigger, Popover } from "react-aria-components";
import { useCore } from "../app/useCore.ts";
import type { Role, User } from "../core/wire.ts";
import { t } from "../strings/index.ts";
import { Avatar } from "../ui/Avatar.tsx";
import { Button } from "../ui/Button.tsx";
import { Icon } from "../ui/Icon.tsx";
import { copy } from "../ui/copy.ts";
import { Dialog } from "../ui/Dialog.tsx";
import { Field } from "../ui/Field.tsx";
import { shortTime, useToday } from "../ui/Time.tsx";
import { attempt } from "../ui/Toast.tsx";
import { PopoverBack } from "../ui/PopoverBack.tsx";

const m = t.settings;
const restMs = 200;

export function Accounts() {
  const core = useCore();
  const [query, setQuery] = useState("");
  const [users, setUsers] = useState<readonly User[]>();
  const today = useToday();
  const [next, setNext] = useState<string>();
  const [disabling, setDisabling] = useState<User>();
  const [recovery, setRecovery] = useState<{ user: User; url: string; expiresAt: number }>();

  const load = useCallback(async (after?: string) => {
    const page = await core.api.users({ q: query, limit: 50, after });
    setUsers((old) => [...((after && old) || []), ...page.users]);
    setNext(page.next);
  }, [core, query]);
  useEffect(() => {
    const timer = setTimeout(() => attempt(() => load()), restMs);
    return () => clearTimeout(timer);
  }, [load]);

  const change = (u: User, how: { role?: Role; active?: boolean }) => attempt(async () => {
    const { user } = await core.api.changeUser(u.id, how);
    setUsers((old) => old?.map((x) => (x.id === user.id ? user : x)));
  });
  function act(u: User, what: string | number) {
    if (what === "role") change(u, { role: u.role === "admin" ? "member" : "admin" });
    else if (what === "recovery") attempt(async () => setRecovery({ user: u, ...(await core.api.createRecovery(u.id)) }));
    else if (u.active) setDisabling(u);
    else change(u, { active: true });
  }
  return (
    <section aria-labelledby="people">
      <h2 id="people">{m.people}</h2>
      <Field label={m.search} type="search" value={query} onChange={setQuery} autoComplete="off" />
      {users?.length === 0 && <p className="hint">{m.noOne}</p>}
      <ul className="settings-list">
        {users?.map((u) => (
          <li key={u.id}>
            <Avatar user={u} />
            <span className="settings-grow">
              <bdi>{u.name}</bdi>
              <span className="hint">@{u.handle}{u.role === "admin" && ` · ${m.admin}`}{!u.active && ` · ${m.disabled}`}</span>
            </span>
            <MenuTrigger>
              <Button look="plain icon" aria-label={m.menuOf(u.name)}><Icon name="more" /></Button>
              <Popover className="popover">
                <PopoverBack />
                <Menu className="menu" onAction={(what) => act(u, what)}>
                  <MenuItem id="role">{u.role === "admin" ? m.removeAdmin : m.makeAdmin}</MenuItem>
                  <MenuItem id="active">{u.active ? m.disable : m.enable}</MenuItem>
                  <MenuItem id="recovery">{m.recovery}</MenuItem>
                </Menu>
              </Popover>
            </MenuTrigger>
          </li>
        ))}
      </ul>
      {next && <Button onPress={() => attempt(() => load(next))}>{m.more}</Button>}
      <Dialog title={m.disable} isOpen={!!disabling} onClose={() => setDisabling(undefined)} role="alertdialog">
        <p>{m.disableHint(disabling?.name ?? "")}</p>
        <div className="row end">
          <Button onPress={() => setDisabling(undefined)}>{t.app.cancel}</Button>
          <Button look="danger" onPress={() => {
            change(disabling!, { active: false });
            setDisabling(undefined);
          }}>{m.disable}</Button>
        </div>
      </Dialog>
      <Dialog title={m.recovery} isOpen={!!recovery} onClose={() => setRecovery(undefined)}>
        <p>{recovery && m.recoveryHint(recovery.user.name, shortTime(recovery.expiresAt, today))}</p>
        <div className="invite-link">
          <input className="input" readOnly value={recovery?.url ?? ""} aria-label={m.link} onFocus={(e) => e.target.select()} />
          <Button look="main" onPress={() => recovery && copy(recovery.url)}>{m.copyLink}</Button>
        </div>
        <div className="row end"><Button onPress={() => setRecovery(undefined)}>{t.app.close}</Button></div>
      </Dialog>
    </section>
  );
}
