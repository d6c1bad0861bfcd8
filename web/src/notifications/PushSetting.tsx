import { useCallback, useEffect, useState } from "react";
import { useCore } from "../app/useCore.ts";
import type { PushInfo, PushResult } from "../core/api.ts";
import { Failure } from "../core/failure.ts";
import { t } from "../strings/index.ts";
import { sentenceOf } from "../strings/failure.ts";
import { Button } from "../ui/Button.tsx";
import { shortTime, useToday } from "../ui/Time.tsx";
import { usePermission } from "./permission.ts";
import { browserSubscription, pushSupport, turnOffPush, turnOnPush } from "./push.ts";

const p = t.push;

/** Turns pushes to this device on and off, tests them, or explains why there are none, where NotificationSetting does not. */
export function PushSetting() {
  const support = pushSupport();
  const [permission] = usePermission();
  if (support === "insecure" || permission === "forbidden") return null;
  return (
    <section aria-labelledby="push">
      <h2 id="push">{p.title}</h2>
      {support === "supported" ? <Push /> : <p className="hint">{p.unavailable[support]}</p>}
      {support === "homeScreen" && <ol className="hint push-steps">{p.homeScreenSteps.map((step) => <li key={step}>{step}</li>)}</ol>}
    </section>
  );
}

function Push() {
  const core = useCore();
  const [permission, allow] = usePermission();
  const [info, setInfo] = useState<PushInfo>();
  const [on, setOn] = useState(false);
  const [last, setLast] = useState<PushResult>();
  const [error, setError] = useState("");
  const [busy, setBusy] = useState(false);

  const load = useCallback(() => Promise.all([core.api.push(), browserSubscription()]).then(([info, subscription]) => {
    setInfo(info);
    setOn(!!subscription && subscription.endpoint === info.subscription?.endpoint);
    setLast((before) => info.last ?? before); // the server forgets that of a subscription that ended
  }), [core]);
  useEffect(() => void load().catch((err: unknown) => setError(explain(err))), [load, permission]);
  const run = async (action: () => Promise<void>) => {
    setError("");
    setBusy(true);
    await action().then(load).catch((err: unknown) => setError(explain(err)));
    setBusy(false);
  };
  const turnOn = async () => {
    await allow(true);
    if (Notification.permission === "granted") await turnOnPush(core);
    setLast(undefined);
  };
  return (
    <>
      <p className="hint">{p.hint}{info && ` ${on ? p.on : p.off}`}</p>
      {info?.problem && <p className="notice">{p.problems[info.problem] ?? info.problem}</p>}
      {info && (
        <div className="row push-actions">
          {on && <Button isDisabled={busy} onPress={() => void run(async () => setLast((await core.api.testPush()).last))}>{p.test}</Button>}
          <Button isDisabled={busy} onPress={() => void run(on ? () => turnOffPush(core) : turnOn)}>{on ? p.turnOff : p.turnOn}</Button>
        </div>
      )}
      <div role="status">{last && <LastPush result={last} />}</div>
      {error && <p className="error" role="alert">{error}</p>}
    </>
  );
}

/** A failure of the server has its own sentence; a browser whose push service does not answer rejects with an error of its own. */
function explain(err: unknown): string {
  if (!(err instanceof Failure)) return p.failed;
  return err.code === "forbidden" ? p.serverOff : sentenceOf(err);
}

function LastPush({ result: { at, result, reason = "" } }: { result: PushResult }) {
  return <p className="hint">{(p.last[result] ?? p.last.failed!)(shortTime(at, useToday()), reason)}</p>;
}
