import { titleOf } from "../core/selectors.ts";
import type { State } from "../core/state.ts";
import { t } from "../strings/index.ts";
import type { Filter } from "./query.ts";

const r = t.search;
const day = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short", year: "numeric" });
const monthOfYear = new Intl.DateTimeFormat(undefined, { month: "long", year: "numeric" });

export const monthName = (at: number): string => monthOfYear.format(at);

export const isKind = (what: string): what is keyof typeof r.has => Object.hasOwn(r.has, what);

/** Returns a day, a month or a year as people write it; any other text as it is. */
export function dateName(value: string): string {
  if (value === "today") return t.app.today;
  if (value === "yesterday") return t.app.yesterday;
  const [, y, m, d] = /^(\d{4})-(\d\d)(?:-(\d\d))?$/.exec(value) ?? [];
  if (!y) return value;
  const at = new Date(Number(y), Number(m) - 1, Number(d ?? 1));
  return (d ? day : monthOfYear).format(at);
}

/** Returns what a chip shows. */
export function chipText(s: State, { name, value }: Filter): string {
  switch (name) {
    case "from":
    case "mentions": {
      const handle = value.replace(/^@/, "").toLowerCase();
      if (handle === "me") return r.chip[name](r.me);
      for (const u of s.users.values()) if (u.handle === handle) return r.chip[name](u.name);
      return r.chip[name](value);
    }
    case "in": {
      const chat = s.chats.get(value);
      return r.chip.in(chat ? titleOf(s, chat) : value);
    }
    case "has":
      return r.chip.has(isKind(value) ? r.has[value] : value);
    default:
      return r.chip[name](dateName(value));
  }
}
