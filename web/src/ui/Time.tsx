import { useEffect, useState } from "react";
import { useCore } from "../app/useCore.ts";
import { t } from "../strings/index.ts";

const hour = new Intl.DateTimeFormat(undefined, { hour: "numeric", minute: "2-digit" });
const date = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short" });
const dateOfYear = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short", year: "numeric" });
const weekday = new Intl.DateTimeFormat(undefined, { weekday: "long", day: "numeric", month: "long" });
const weekdayOfYear = new Intl.DateTimeFormat(undefined, { weekday: "long", day: "numeric", month: "long", year: "numeric" });
const exact = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "medium" });

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
  return (sameYear(day, today) ? weekday : weekdayOfYear).format(day);
}

const sameYear = (a: number, b: number) => new Date(a).getFullYear() === new Date(b).getFullYear();

export const clockTime = (at: number): string => hour.format(at);
/** Returns hours and minutes without AM or PM, for narrow places beside a full time. */
export const bareTime = (at: number): string => hour.formatToParts(at).map((p) => (p.type === "dayPeriod" ? "" : p.value)).join("").trim();
export const exactTime = (at: number): string => exact.format(at);

/** Returns hours and minutes for a time today, the date for an earlier one. */
export function shortTime(at: number, today: number): string {
  if (at >= today) return hour.format(at);
  return (sameYear(at, today) ? date : dateOfYear).format(at);
}

export function Time({ at, short }: { at: number; short?: string }) {
  return <time dateTime={new Date(at).toISOString()} title={exact.format(at)}>{short ?? hour.format(at)}</time>;
}
