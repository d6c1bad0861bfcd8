import { useCallback, useEffect, useState } from "react";
import { useCore } from "../app/useCore.ts";
import type { Session } from "../core/api.ts";
import { t } from "../strings/index.ts";
import { Button } from "../ui/Button.tsx";
import { attempt } from "../ui/Toast.tsx";
import { deviceOf } from "./device.ts";
import { shortTime, useToday } from "../ui/Time.tsx";

const m = t.settings;

/** The user's sessions. */
export function Devices() {
  const core = useCore();
  const today = useToday();
  const [sessions, setSessions] = useState<readonly Session[]>([]);
  const load = useCallback(async () => setSessions((await core.api.sessions()).sessions), [core]);
  useEffect(() => attempt(load), [load]);
  const after = (what: () => Promise<unknown>) => attempt(async () => {
    await what();
    await load();
  });
  return (
    <section aria-labelledby="devices">
      <h2 id="devices">{m.devices}</h2>
      <ul className="settings-list">
        {sessions.map((s) => (
          <li key={s.id}>
            <span className="settings-grow" title={s.client}>
              <bdi>{s.label || deviceOf(s.client) || m.unnamed}</bdi>
              <span className="hint">{s.current ? m.thisDevice : m.seen(shortTime(s.seenAt, today))}{s.address && ` · ${s.address}`}</span>
            </span>
            {!s.current && <Button aria-label={m.endOne(s.label || deviceOf(s.client))} onPress={() => after(() => core.api.endSession(s.id))}>{m.end}</Button>}
          </li>
        ))}
      </ul>
      {sessions.length > 1 && <Button onPress={() => after(() => core.api.endOtherSessions())}>{m.endOthers}</Button>}
    </section>
  );
}
