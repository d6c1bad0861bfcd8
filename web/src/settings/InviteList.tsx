import { type ReactNode, useCallback, useEffect, useId, useState } from "react";
import { useCore, useSnapshot } from "../app/useCore.ts";
import type { Invite } from "../core/api.ts";
import { userOf } from "../core/selectors.ts";
import type { User } from "../core/wire.ts";
import { t } from "../strings/index.ts";
import { Button } from "../ui/Button.tsx";
import { attempt } from "../ui/Toast.tsx";
import { dateAndTime, exactTime } from "../ui/Time.tsx";

const m = t.settings;

interface Props { title: string; which?: (i: Invite) => boolean; none?: string; children?: ReactNode }

/** The open invites, newest first. none: the text for an empty list; without it an empty list is hidden. */
export function InviteList({ title, which = () => true, none, children }: Props) {
  const core = useCore();
  const id = useId();
  const state = useSnapshot((s) => s.state);
  const [page, setPage] = useState<{ invites: readonly Invite[]; users: readonly User[] }>();
  const load = useCallback(async () => setPage(await core.api.invites()), [core]);
  useEffect(() => attempt(load), [load]);
  const invites = page?.invites.filter(which) ?? [];
  if (!invites.length && !none) return null;
  return (
    <section aria-labelledby={id}>
      <h2 id={id}>{title}</h2>
      {page && invites.length === 0 && <p className="hint">{none}</p>}
      <ul className="settings-list">
        {invites.map((i) => {
          const what = i.chatId ? state.chats.get(i.chatId)?.title || m.aChat : m.server;
          const by = (page?.users.find((u) => u.id === i.by) ?? userOf(state, i.by)).name;
          return (
            <li key={i.id}>
              <span className="settings-grow">
                <bdi>{what}</bdi>
                <span className="hint">{i.by !== state.me?.id && `${m.by(by)} · `}{m.usesLeft(i.uses)} · <span title={exactTime(i.expiresAt)}>{m.until(dateAndTime(i.expiresAt))}</span></span>
              </span>
              <Button aria-label={m.revokeOne(what, by)} onPress={() => attempt(async () => {
                await core.api.endInvite(i.id);
                await load();
              })}>{m.revoke}</Button>
            </li>
          );
        })}
      </ul>
      {children}
    </section>
  );
}
