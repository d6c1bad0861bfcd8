import { useEffect, useState, useSyncExternalStore } from "react";
import { useCore } from "../app/useCore.ts";
import { t } from "../strings/index.ts";

/** A format keeps the time zone of the moment in which it was made. */
function makeFormats() {
  const format = (options: Intl.DateTimeFormatOptions) => new Intl.DateTimeFormat(undefined, options);
  return {
    hour: format({ hour: "numeric", minute: "2-digit" }),
    date: format({ day: "numeric", month: "short" }),
    dateOfYear: format({ day: "numeric", month: "short", year: "numeric" }),
    dateAndHour: format({ day: "numeric", month: "short", hour: "numeric", minute: "2-digit" }),
    weekday: format({ weekday: "long", day: "numeric", month: "long" }),
    weekdayOfYear: format({ weekday: "long", day: "numeric", month: "long", year: "numeric" }),
    exact: format({ dateStyle: "full", timeStyle: "medium" }),
  };
}
let formats = makeFormats();
const currentZone = () => new Intl.DateTimeFormat().resolvedOptions().timeZone;
let zone = currentZone();
const zoneCheckMs = 60_000;

/** Calls changed after the time zone changed: nothing reports that, so it looks when the page is used again, and now and then. */
function watchZone(changed: () => void): () => void {
  const look = () => {
    if (currentZone() === zone) return;
    zone = currentZone();
    formats = makeFormats();
    changed();
  };
  const timer = setInterval(look, zoneCheckMs);
  addEventListener("focus", look);
  document.addEventListener("visibilitychange", look);
  return () => {
    clearInterval(timer);
    removeEventListener("focus", look);
    document.removeEventListener("visibilitychange", look);
  };
}

/** Returns the time zone, and renders again when it is another one. One component uses it. */
export const useTimeZone = (): string => useSyncExternalStore(watchZone, () => zone);

/** Returns the local midnight that began the day. */
export const dayOf = (at: number): number => new Date(at).setHours(0, 0, 0, 0);

/** Returns the current day by the server's clock; renders again at midnight. */
export function useToday(): number {
  const { clock } = useCore();
  const [today, setToday] = useState(() => dayOf(clock.now()));
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout>;
    const look = () => { // repeats: the timer may fire before midnight, such as after the server's clock became known
      const now = clock.now();
      setToday(dayOf(now));
      timer = setTimeout(look, Math.max(1000, dayAfter(dayOf(now)) - now));
    };
    look();
    return () => clearTimeout(timer);
  }, [clock]);
  return today;
}

export const dayAfter = (day: number): number => daysFrom(day, 1);
const daysFrom = (day: number, n: number): number => new Date(day).setDate(new Date(day).getDate() + n);

/** Returns a day's name, "today" and "yesterday" included. */
export function dayName(day: number, today: number): string {
  if (day === today) return t.app.today;
  if (day === daysFrom(today, -1)) return t.app.yesterday;
  return (sameYear(day, today) ? formats.weekday : formats.weekdayOfYear).format(day);
}

const sameYear = (a: number, b: number) => new Date(a).getFullYear() === new Date(b).getFullYear();

export const clockTime = (at: number): string => formats.hour.format(at);
/** Returns hours and minutes without AM or PM, for narrow places beside a full time. */
export const bareTime = (at: number): string => formats.hour.formatToParts(at).map((p) => (p.type === "dayPeriod" ? "" : p.value)).join("").trim();
export const exactTime = (at: number): string => formats.exact.format(at);

export const dateAndTime = (at: number): string => formats.dateAndHour.format(at);

/** Returns hours and minutes for a time today, the date for an earlier one. */
export function shortTime(at: number, today: number): string {
  if (at >= today) return formats.hour.format(at);
  return (sameYear(at, today) ? formats.date : formats.dateOfYear).format(at);
}

export function Time({ at, short }: { at: number; short?: string }) {
  return <time dateTime={new Date(at).toISOString()} title={formats.exact.format(at)}>{short ?? formats.hour.format(at)}</time>;
}
