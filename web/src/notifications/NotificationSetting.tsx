import { t } from "../strings/index.ts";
import { Button } from "../ui/Button.tsx";
import { usePermission } from "./permission.ts";

const n = t.notifications;

/** Turns this browser's notifications on and off, or explains why that is impossible. */
export function NotificationSetting() {
  const [now, set] = usePermission();
  if (!now) return null;
  return (
    <section aria-labelledby="notifications">
      <h2 id="notifications">{n.here}</h2>
      <p className="hint">{n.state[now]}</p>
      {now === "on" && <Button onPress={() => void set(false)}>{n.turnOff}</Button>}
      {(now === "off" || now === "unasked") && <Button onPress={() => void set(true)}>{n.turnOn}</Button>}
    </section>
  );
}
