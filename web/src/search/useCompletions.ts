import { useMemo } from "react";
import { useSnapshot } from "../app/useCore.ts";
import { fuzzyFind } from "../core/search.ts";
import { newestFirst, titleOf } from "../core/selectors.ts";
import type { Chat } from "../core/chatModel.ts";
import type { User } from "../core/wire.ts";
import { useUserSearch } from "../sidebar/useUserSearch.ts";
import { t } from "../strings/index.ts";
import { useToday } from "../ui/Time.tsx";
import { dateName } from "./filterText.ts";
import { filterNames, type Filter, type OpenFilter, openFilter } from "./query.ts";

/** A suggestion for the end of the text: a filter, or the name of one to go on with. */
export interface Completion { readonly key: string; readonly label: string; readonly hint?: string; readonly user?: User; readonly chat?: Chat; readonly filter?: Filter; readonly name?: string }

const r = t.search;
const most = 8;
const two = (n: number) => String(n).padStart(2, "0");

/** The suggestions for what is being typed. */
export function useCompletions(text: string): readonly Completion[] {
  const open = openFilter(text);
  const person = open?.name === "from" || open?.name === "mentions";
  const { people } = useUserSearch(person ? open.value : "");
  const state = useSnapshot((s) => s.state);
  const today = useToday();
  return useMemo(() => {
    if (!open) return namesFor(text);
    const value = open.value.toLowerCase();
    const { name } = open;
    if (name === "from" || name === "mentions") {
      const bare = value.replace(/^@/, "");
      const me = state.me && r.me.startsWith(bare) ? [{ key: "me", label: r.me, filter: { name, value: "me" } }] : [];
      return [...me, ...people.slice(0, most).map((user) => ({ key: user.id, label: user.name, hint: `@${user.handle}`, user, filter: { name, value: `@${user.handle}` } }))];
    }
    if (name === "in") {
      const chats = [...state.chats.values()].sort(newestFirst);
      const found = value ? fuzzyFind(value, chats, (c) => [titleOf(state, c)], most) : chats.slice(0, most);
      return found.map((chat) => ({ key: chat.id, label: titleOf(state, chat), chat, filter: { name, value: chat.id } }));
    }
    if (name === "has") return Object.entries(r.has).filter(([kind]) => kind.startsWith(value)).map(([kind, label]) => ({ key: kind, label, filter: { name, value: kind } }));
    return daysFor(open, today);
  // eslint-disable-next-line react-hooks/exhaustive-deps -- open is made of the text
  }, [text, people, state, today]);
}

/** Days, and the month and year, that begin with what was typed; a whole day as it is. */
function daysFor({ name, value }: OpenFilter, today: number): Completion[] {
  const now = new Date(today);
  const month = `${now.getFullYear()}-${two(now.getMonth() + 1)}`;
  const all = ["today", "yesterday", `${month}-${two(now.getDate())}`, month, String(now.getFullYear())];
  if (/^\d{4}(-\d\d){0,2}$/.test(value) && !all.includes(value)) all.push(value);
  return all.filter((v) => v.startsWith(value.toLowerCase())).map((v) => ({ key: v, label: dateName(v), hint: v, filter: { name, value: v } }));
}

/** The filters whose name begins with the last word, of two letters or more. */
function namesFor(text: string): Completion[] {
  const word = /(?:^|\s)(\p{L}{2,})$/u.exec(text)?.[1]?.toLowerCase();
  if (!word) return [];
  return filterNames.filter((n) => n.startsWith(word)).map((n) => ({ key: n, label: r.add[n], hint: `${n}:`, name: n }));
}
