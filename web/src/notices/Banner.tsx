import { useEffect, useState } from "react";
import { useCore, useSnapshot } from "../app/useCore.ts";
import { t } from "../strings/index.ts";
import { Button } from "../ui/Button.tsx";
import "./notices.css";

const n = t.notices;
const patienceMs = 2000;

/** Says why there is no connection, once that lasts. */
export function Banner() {
  const core = useCore();
  const inside = useSnapshot((s) => s.phase === "in");
  const line = useSnapshot((s) => s.line);
  const outdated = useSnapshot((s) => s.outdated);
  const live = line.state === "live";
  const [late, setLate] = useState(false);
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    if (live) return setLate(false);
    const timer = setTimeout(() => setLate(true), patienceMs);
    return () => clearTimeout(timer);
  }, [live]);
  useEffect(() => {
    if (line.state !== "waiting") return;
    setNow(Date.now());
    const timer = setInterval(() => setNow(Date.now()), 1000);
    return () => clearInterval(timer);
  }, [line]);

  if (!inside) return null;
  if (outdated && live) return <div className="banner" role="status">{n.outdated}<Button onPress={() => location.reload()}>{n.reload}</Button></div>;
  if (live || !late) return null;
  const ended = line.state === "ended";
  return (
    <div className="banner" role="status">
      <span>{line.cause ? n.cause[line.cause] : n.connecting} {line.state === "waiting" && n.again(Math.max(0, Math.ceil((line.until - now) / 1000)))}</span>
      {line.state === "waiting" && <Button onPress={() => core.connectNow()}>{n.now}</Button>}
      {ended && <Button onPress={() => location.reload()}>{n.reload}</Button>}
    </div>
  );
}
