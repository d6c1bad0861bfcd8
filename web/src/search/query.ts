// The text of a search as filters and words. The server's parser (search/parse.go) has the last word.

export const filterNames = ["from", "in", "has", "mentions", "before", "after", "on"] as const;
export type FilterName = (typeof filterNames)[number];
export interface Filter { readonly name: FilterName; readonly value: string }
export interface Query { readonly filters: readonly Filter[]; readonly text: string }

export const noQuery: Query = { filters: [], text: "" };

const quotes = `"“”„‟＂`;
/** A character of a quoted value; a quotation mark of it has a backslash before it. */
const quoted = String.raw`(?:\\[${quotes}]|(?!\\[${quotes}])[^${quotes}])`;
const escaped = new RegExp(String.raw`\\([${quotes}])`, "gu");
const filter = new RegExp(String.raw`(?<=^|\s)(${filterNames.join("|")}):(?:[${quotes}](${quoted}*)[${quotes}]|([^\s${quotes}]\S*))`, "giu");
const quote = new RegExp(`[${quotes}]`, "gu");
const phrase = new RegExp(`[${quotes}][^${quotes}]*[${quotes}]`, "gu");

/** Takes the filters out of a text that are followed by a space, or, with end, that the text ends with. */
export function takeFilters(q: Query, end = false): Query {
  const phrases = [...q.text.matchAll(phrase)].map((m) => [m.index, m.index + m[0].length] as const);
  const filters = [...q.filters];
  const text = q.text.replace(filter, (whole, name: string, inQuotes: string | undefined, plain: string | undefined, at: number) => {
    const closed = end || /\s/.test(q.text[at + whole.length] ?? "");
    if (!closed || phrases.some(([from, to]) => from < at && at < to)) return whole;
    filters.push({ name: name.toLowerCase() as FilterName, value: (inQuotes?.replace(escaped, "$1") ?? plain)!.trim() });
    return "";
  });
  return filters.length === q.filters.length ? q : { filters, text: text.replace(/^\s+/, "").replace(/\s{2,}/g, " ") };
}

export const parseQuery = (q: string): Query => takeFilters({ filters: [], text: q.trim() }, true);

/** Returns the query as the server reads it. */
export function formatQuery({ filters, text }: Query): string {
  const all = filters.map(({ name, value }) => `${name}:${/\s/.test(value) || value.search(quote) >= 0 ? `"${value.replace(quote, "\\$&")}"` : value}`);
  return [...all, text.trim()].filter(Boolean).join(" ");
}

/** The filter that is being typed at the end of a text: its name, and what its value begins with. */
export interface OpenFilter { readonly name: FilterName; readonly value: string; readonly from: number }

const open = new RegExp(String.raw`(?:^|\s)(${filterNames.join("|")}):([${quotes}]${quoted}*|[^\s${quotes}]*)$`, "iu");

export function openFilter(text: string): OpenFilter | undefined {
  const m = open.exec(text);
  if (!m) return undefined;
  return { name: m[1]!.toLowerCase() as FilterName, value: m[2]!.replace(new RegExp(`^[${quotes}]`, "u"), "").replace(escaped, "$1"), from: m.index + m[0].indexOf(m[1]!) };
}

/** Returns the query without the filter that is being typed: what is searched for meanwhile. */
export function settled({ filters, text }: Query): Query {
  const at = openFilter(text);
  return at ? { filters, text: text.slice(0, at.from).trimEnd() } : { filters, text };
}

/** Reports whether the query asks for more than the chats to search. */
export const asks = ({ filters, text }: Query): boolean => text.trim() !== "" || filters.some((f) => f.name !== "in");

/** Reports whether two filters of a name may be in one query. */
const many = (name: FilterName) => name === "in" || name === "has";

/** Adds a filter; it replaces one of the same name that may be there once. */
export function withFilter(q: Query, f: Filter): Query {
  const others = q.filters.filter((x) => x.name !== f.name || (many(f.name) && x.value !== f.value));
  return { ...q, filters: [...others, f] };
}

export const withoutFilter = (q: Query, at: number): Query => ({ ...q, filters: q.filters.filter((_, i) => i !== at) });
