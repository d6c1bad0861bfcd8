import { useCallback, useEffect, useState } from "react";
import { useCore } from "../app/useCore.ts";
import type { RecoveryUse, Session } from "../core/api.ts";
import type { User, UserId } from "../core/wire.ts";
import { t } from "../strings/index.ts";
import { Button } from "../ui/Button.tsx";
import { attempt } from "../ui/Toast.tsx";
import { ConfirmPassword } from "./ConfirmPassword.tsx";
import { deviceOf } from "./device.ts";
import { shortTime, useToday } from "../ui/Time.tsx";

const m = t.settings;

/** The user's sessions, and who set their password by a recovery link. */
export function Devices({ handle }: { handle: string }) {
  const core = useCore();
  const today = useToday();
  const [sessions, setSessions] = useState<readonly Session[]>([]);
  const [recoveries, setRecoveries] = useState<readonly RecoveryUse[]>([]);
  const [admins, setAdmins] = useState<ReadonlyMap<UserId, User>>(new Map());
  const [ending, setEnding] = useState<{ title: string; end: (password: string) => Promise<void> }>();
  const load = useCallback(async () => {
    const { sessions, recoveries = [] } = await core.api.sessions();
    setSessions(sessions);
    setRecoveries(recoveries);
    const ids = [...new Set(recoveries.flatMap((r) => r.by ?? []))];
    if (ids.length > 0) setAdmins(new Map((await core.api.usersById(ids)).users.map((u) => [u.id, u])));
  }, [core]);
  useEffect(() => attempt(load), [load]);
  const nameOf = (s: Session) => s.label || deviceOf(s.client) || m.unknownDevice;
  const makerOf = (r: RecoveryUse) => (r.by ? (admins.get(r.by)?.name ?? m.anAdmin) : m.operator);
  return (
    <section aria-labelledby="devices">
      <h2 id="devices">{m.devices}</h2>
      <ul className="settings-list">
        {sessions.map((s) => (
          <li key={s.id}>
            <span className="settings-grow" title={s.client}>
              <bdi>{nameOf(s)}</bdi>
              <span className="hint">{s.current ? m.thisDevice : m.lastSeen(shortTime(s.seenAt, today))}{s.address && ` · ${s.address}`}</span>
            </span>
            {!s.current && <Button aria-label={m.signOutOne(nameOf(s))} onPress={() => setEnding({ title: m.signOutOne(nameOf(s)), end: (password) => core.api.endSession(s.id, password) })}>{m.signOut}</Button>}
          </li>
        ))}
      </ul>
      {sessions.length > 1 && <Button onPress={() => setEnding({ title: m.signOutOthers, end: (password) => core.api.endOtherSessions(password) })}>{m.signOutOthers}</Button>}
      {recoveries.length > 0 && (
        <>
          <h3 id="recoveries">{m.recoveries}</h3>
          <p className="hint">{m.recoveriesHint}</p>
          <ul className="settings-list" aria-labelledby="recoveries">
            {recoveries.map((r) => (
              <li key={r.at}>
                <span className="settings-grow" title={r.client}>
                  <bdi>{m.recoveryBy(makerOf(r))}</bdi>
                  <span className="hint">{m.recoveryUsed(shortTime(r.at, today), deviceOf(r.client) || m.unknownDevice)}{r.address && ` · ${r.address}`}</span>
                </span>
              </li>
            ))}
          </ul>
        </>
      )}
      {ending && <ConfirmPassword title={ending.title} handle={handle} onClose={() => setEnding(undefined)} onConfirm={async (password) => {
        await ending.end(password);
        setEnding(undefined);
        attempt(load);
      }} />}
    </section>
  );
}
