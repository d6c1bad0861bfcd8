import type { Chat } from "../core/chatModel.ts";
import { callingOf, isEmpty, newestFirst } from "../core/selectors.ts";
import type { ChatId } from "../core/wire.ts";

export const sectionNames = ["starred", "group", "direct"] as const;
export type SectionName = (typeof sectionNames)[number];
/** The heading above chats that keepOrder could not put into their section. */
export type HeadingName = SectionName | "late";

/** A row of the list: the heading of a section, or a chat. */
export type Item = { readonly key: HeadingName; readonly section: HeadingName } | { readonly key: ChatId; readonly section?: undefined };

export interface ListSettings {
  readonly unreadFirst: boolean;
  /** The sections that show only unread chats and the open one. */
  readonly folded: ReadonlySet<SectionName>;
  /** Direct chats that the user opened: listed although nobody has written in them. */
  readonly opened: ReadonlySet<ChatId>;
  readonly current: ChatId | undefined;
}

/** Returns the list: sections, each sorted by its chats' newest messages. */
export function listItems(chats: Iterable<Chat>, { unreadFirst, folded, opened, current }: ListSettings): Item[] {
  const first = (c: Chat) => (unreadFirst && callingOf(c) > 0 ? 1 : 0);
  const all = [...chats].filter((c) => c.id === current || (!c.mine.hidden && (c.kind === "group" || !isEmpty(c) || opened.has(c.id))))
    .sort((a, b) => first(b) - first(a) || newestFirst(a, b));
  return sectionNames.flatMap((section): Item[] => {
    const own = all.filter((c) => sectionOf(c) === section);
    const shown = folded.has(section) ? own.filter((c) => callingOf(c) > 0 || c.id === current) : own;
    return own.length ? [{ key: section, section }, ...shown.map((c) => ({ key: c.id }))] : [];
  });
}

const sectionOf = (c: Chat): SectionName => (c.mine.starred ? "starred" : c.kind);

/** Returns a function like listItems that returns the same list until it changes. */
export function stableItems(settings: ListSettings): (chats: ReadonlyMap<ChatId, Chat>) => readonly Item[] {
  let of: ReadonlyMap<ChatId, Chat> | undefined, items: readonly Item[] = [];
  return (chats) => {
    if (chats === of) return items;
    of = chats;
    const now = listItems(chats.values(), settings);
    if (now.length !== items.length || now.some((i, n) => i.key !== items[n]!.key)) items = now;
    return items;
  };
}

/** Returns `now` in the order of `before`, so that no row moves: without chats that are gone, and with new ones below all others. */
export function keepOrder(before: readonly Item[], now: readonly Item[], chats: ReadonlyMap<ChatId, Chat>): Item[] {
  const known = new Set(before.map((i) => i.key));
  const late = now.filter((i) => !i.section && !known.has(i.key));
  const last = (i: Item) => { // of the last section
    const c = chats.get(i.key);
    return known.has("direct") && c !== undefined && sectionOf(c) === "direct";
  };
  const others = late.filter((i) => !last(i));
  return [...before.filter((i) => i.section || chats.has(i.key)), ...late.filter(last), ...(others.length ? [{ key: "late", section: "late" } as const, ...others] : [])];
}

/** Returns the chat that calls for attention and follows (1) or precedes (-1) the current one in the list, around its ends. */
export function nextUnread(items: readonly Item[], chats: ReadonlyMap<ChatId, Chat>, current: ChatId | undefined, step: 1 | -1): ChatId | undefined {
  const all = items.filter((i) => !i.section);
  if (step < 0) all.reverse();
  const from = all.findIndex((i) => i.key === current) + 1;
  const order = [...all.slice(from), ...all.slice(0, from)];
  return order.find((i) => i.key !== current && callsFor(chats.get(i.key)))?.key;
}

const callsFor = (c: Chat | undefined) => c !== undefined && callingOf(c) > 0;
