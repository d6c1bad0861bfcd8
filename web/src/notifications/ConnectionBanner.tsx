import { type ReactNode, useEffect, useState, useSyncExternalStore } from "react";
import { useCore, useSnapshot } from "../app/useCore.ts";
import { isUndelivered } from "../core/outbox.ts";
import { t } from "../strings/index.ts";
import { Button } from "../ui/Button.tsx";
import "./connectionBanner.css";

const n = t.notifications;
const patienceMs = 2000;

/** Shows why the page is not connected, after patienceMs. It is part of the layout and covers nothing. */
export function ConnectionBanner() {
  const core = useCore();
  const signedIn = useSnapshot((s) => s.phase === "in");
  const connection = useSnapshot((s) => s.connection);
  const outdated = useSnapshot((s) => s.outdated);
  const storageProblem = useSnapshot((s) => s.storageProblem);
  const unsavedText = useSnapshot((s) => s.unsavedText);
  const heldUntil = useSnapshot((s) => (s.pending.some(isUndelivered) ? s.rateLimitedUntil : 0));
  const live = connection.state === "live";
  const rateLimited = live && heldUntil > 0;
  const late = useDelayedTrue(signedIn && (!live || rateLimited));
  const left = useSecondsTo(connection.state === "waiting" ? connection.until : heldUntil);

  if (!signedIn) {
    if (connection.cause === "left") return <Strip>{n.cause.left}</Strip>;
    return connection.cause === "signedOut" ? <Strip>{n.cause.signedOut} {storageProblem ? unsavedText && n.notSaved[storageProblem] : n.savedForYou}</Strip> : null;
  }
  const full = storageProblem === "full" && n.notSaved.full;
  if (late && rateLimited) return <Strip>{n.tooFast} {left > 0 && n.resumesIn(left)}</Strip>;
  if (live && full) return <Strip>{full}</Strip>;
  if (live) return outdated ? <Strip button={n.reload} onPress={() => location.reload()}>{n.outdated}</Strip> : null;
  if (!late) return null;
  const waitsFor = connection.cause === "offline" || connection.cause === "lost" || connection.cause === "restarting";
  const cause = !connection.cause ? n.connecting : waitsFor ? `${n.cause[connection.cause]} ${storageProblem ? n.notSaved[storageProblem] : n.saved}` : n.cause[connection.cause];
  if (connection.state === "ended") return <Strip button={n.reload} onPress={() => location.reload()}>{cause}</Strip>;
  // The button stays during an attempt, so that nothing moves under the pointer.
  const waits = connection.state === "waiting" && left > 0;
  return <Strip button={n.retryNow} disabled={!waits} onPress={() => core.connectNow()}>{cause} {waits ? n.retryingIn(left) : connection.cause && n.connecting}</Strip>;
}

function Strip({ children, button, disabled, onPress }: { children: ReactNode; button?: string; disabled?: boolean; onPress?: () => void }) {
  return <div className="connection-banner"><p role="status">{children}</p>{button && <Button isDisabled={disabled} onPress={onPress}>{button}</Button>}</div>;
}

/** Returns true once `on` has been true for patienceMs. */
function useDelayedTrue(on: boolean): boolean {
  const [late, setLate] = useState(false);
  useEffect(() => {
    if (!on) return;
    const timer = setTimeout(() => setLate(true), patienceMs);
    return () => {
      clearTimeout(timer);
      setLate(false);
    };
  }, [on]);
  return on && late;
}

/** Counts down the seconds to a time; 0 once it has passed. */
function useSecondsTo(until: number): number {
  return useSyncExternalStore(until ? everySecond : never, () => Math.max(0, Math.ceil((until - Date.now()) / 1000)));
}

function everySecond(tick: () => void): () => void {
  const timer = setInterval(tick, 1000);
  return () => clearInterval(timer);
}
const never = () => () => {};
