import { useEffect, useState } from "react";
import { useCore } from "../app/useCore.ts";

const hour = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
const date = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short" });
const dateOfYear = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short", year: "numeric" });
const exact = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "medium" });

/** Local midnight of the day. */
export const dayOf = (at: number): number => new Date(at).setHours(0, 0, 0, 0);

/** The day that it is, by the server's clock; changes at midnight. */
export function useToday(): number {
  const { clock } = useCore();
  const [today, setToday] = useState(() => dayOf(clock.now()));
  useEffect(() => {
    const next = new Date(today);
    next.setDate(next.getDate() + 1);
    const timer = setTimeout(() => setToday(dayOf(clock.now())), Math.max(1000, next.getTime() - clock.now()));
    return () => clearTimeout(timer);
  }, [clock, today]);
  return today;
}

export const clockTime = (at: number): string => hour.format(at);
export const exactTime = (at: number): string => exact.format(at);

/** A time today as hours and minutes, an earlier one as its date. */
export function shortTime(at: number, today: number): string {
  if (at >= today) return hour.format(at);
  return (new Date(at).getFullYear() === new Date(today).getFullYear() ? date : dateOfYear).format(at);
}

export function Time({ at, short }: { at: number; short?: string }) {
  return <time dateTime={new Date(at).toISOString()} title={exact.format(at)}>{short ?? hour.format(at)}</time>;
}
