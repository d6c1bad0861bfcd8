import { useState } from "react";
import { useCore, useSnapshot } from "../app/useCore.ts";
import type { Settings } from "../core/wire.ts";
import { t } from "../strings/index.ts";
import { attempt } from "../ui/Toast.tsx";

const m = t.settings;
const night = { quietFrom: "22:00", quietTo: "07:00" };

/** Of what the user is notified on all of their devices. Each choice is saved at once. */
export function NotificationRules() {
  const core = useCore();
  const settings = useSnapshot((s) => s.state.settings);
  const change = (change: Partial<Settings>) => attempt(() => core.changeSettings(change));
  return (
    <section aria-labelledby="notification-rules">
      <h2 id="notification-rules">{t.notifications.title}</h2>
      <fieldset className="choices">
        <legend>{m.notifyAbout}</legend>
        {(["all", "mentions", "none"] as const).map((x) => <label key={x}><input type="radio" name="level" checked={settings.level === x} onChange={() => change({ level: x })} />{m.levels[x]}</label>)}
        <p className="hint">{m.levelsHint}</p>
      </fieldset>
      <QuietHours settings={settings} change={change} />
      <label className="choice"><input type="checkbox" checked={settings.pushText} onChange={(e) => change({ pushText: e.target.checked })} aria-describedby="push-text" /><span>{m.pushText}<span id="push-text" className="hint">{m.pushTextHint}</span></span></label>
    </section>
  );
}

const ownZone = () => new Intl.DateTimeFormat().resolvedOptions().timeZone;

function QuietHours({ settings, change }: { settings: Settings; change: (change: Partial<Settings>) => void }) {
  const { quietFrom, quietTo, timeZone } = settings;
  const own = ownZone();
  const zones = [...new Set([own, ...(timeZone ? [timeZone] : []), ...Intl.supportedValuesOf("timeZone")])];
  const on = quietFrom !== "";
  return (
    <div className="stack">
      <label className="choice"><input type="checkbox" checked={on} onChange={(e) => change(e.target.checked ? { ...night, timeZone: timeZone || own } : { quietFrom: "", quietTo: "" })} aria-describedby="quiet-hours" /><span>{m.quietHours}<span id="quiet-hours" className="hint">{m.quietHoursHint}</span></span></label>
      {on && (
        <div className="quiet-hours">
          <TimeField label={m.quietFrom} value={quietFrom} other={quietTo} onChange={(quietFrom) => change({ quietFrom })} />
          <TimeField label={m.quietTo} value={quietTo} other={quietFrom} onChange={(quietTo) => change({ quietTo })} />
          <label className="field"><span>{m.timeZone}</span>
            <select className="input" value={timeZone} onChange={(e) => change({ timeZone: e.target.value })}>
              {zones.map((z) => <option key={z} value={z}>{z === own ? m.ownZone(zoneName(z)) : zoneName(z)}</option>)}
            </select>
          </label>
        </div>
      )}
    </div>
  );
}

const zoneName = (zone: string) => zone.replaceAll("_", " ");

/** A time of day. It is saved when the field is left: a time that is being typed is another one. */
function TimeField({ label, value, other, onChange }: { label: string; value: string; other: string; onChange: (value: string) => void }) {
  const [typed, setTyped] = useState<string>();
  const same = typed !== undefined && typed === other;
  function save() {
    if (same) return;
    if (typed && typed !== value) onChange(typed);
    setTyped(undefined);
  }
  return (
    <label className="field"><span>{label}</span>
      <input className="input" type="time" required value={typed ?? value} aria-invalid={same || undefined} onChange={(e) => setTyped(e.target.value)} onBlur={save} onKeyDown={(e) => e.key === "Enter" && save()} />
      {same && <span className="error" role="alert">{m.quietSame}</span>}
    </label>
  );
}
