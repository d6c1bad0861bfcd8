import { lazy, Suspense, useCallback, useEffect, useState } from "react";
import { useCore, useSnapshot } from "../app/useCore.ts";
import type { Invite } from "../core/api.ts";
import { userOf } from "../core/select.ts";
import type { User } from "../core/wire.ts";
import { t } from "../strings/index.ts";
import { Button } from "../ui/Button.tsx";
import { attempt } from "../ui/Toast.tsx";
import { exactTime } from "../ui/Time.tsx";

const InviteCard = lazy(() => import("./InviteCard.tsx"));
const m = t.me;

export function Invites() {
  const core = useCore();
  const state = useSnapshot((s) => s.state);
  const [invites, setInvites] = useState<readonly Invite[]>([]);
  const [users, setUsers] = useState<ReadonlyMap<string, User>>(new Map());
  const [making, setMaking] = useState(false);
  const load = useCallback(async () => {
    const page = await core.api.invites();
    setInvites(page.invites);
    setUsers(new Map(page.users.map((u) => [u.id, u])));
  }, [core]);
  useEffect(() => attempt(load), [load, making]);
  return (
    <section aria-labelledby="invites">
      <h2 id="invites">{m.invites}</h2>
      {invites.length === 0 && <p className="hint">{m.noInvites}</p>}
      <ul>
        {invites.map((i) => (
          <li key={i.id}>
            <span className="grow" dir="auto">{(i.chatId && state.chats.get(i.chatId)?.title) || m.server} <span className="hint">{m.by((users.get(i.by) ?? userOf(state, i.by)).name)}, {m.usesLeft(i.uses, exactTime(i.expiresAt))}</span></span>
            <Button onPress={() => attempt(async () => {
              await core.api.endInvite(i.id);
              await load();
            })}>{m.revoke}</Button>
          </li>
        ))}
      </ul>
      <Button onPress={() => setMaking(true)}>{m.newInvite}</Button>
      {making && <Suspense><InviteCard title={m.server} onClose={() => setMaking(false)} /></Suspense>}
    </section>
  );
}
