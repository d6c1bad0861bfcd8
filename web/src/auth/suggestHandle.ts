import { normalize } from "../core/search.ts";

const longest = 32;

/** Cyrillic and Greek, without the marks that normalize has removed. */
const letters: Readonly<Record<string, string>> = {
  ...table("абвгдезиклмнопрстуфыэіґљњћђјѕ", "a b v g d e z i k l m n o p r s t u f y e i g l n c d j s"),
  ...table("жхцчшщюяє", "zh kh ts ch sh shch yu ya ye"),
  ...table("αβγδεζηικλμνξοπρστυφω", "a v g d e z i i k l m n x o p r s t y f o"),
  ...table("θχψ", "th ch ps"),
};

function table(from: string, to: string): Record<string, string> {
  const all = to.split(" ");
  return Object.fromEntries([...from].map((c, i) => [c, all[i]!]));
}

/** Returns a handle made of a name: in Latin letters, its words joined by dots. "" if nothing of the name can be written so. */
export function suggestHandle(name: string): string {
  const latin = [...normalize(name.replace(/['’ʼ]/g, ""))].map((c) => letters[c] ?? c).join("");
  const words = latin.split(/[^a-z0-9_-]+/).map((w) => w.replace(/^[_-]+|[_-]+$/g, "")).filter(Boolean);
  while (words.length > 1 && words.join(".").length > longest) words.pop();
  const handle = words.join(".").slice(0, longest);
  return handle.length < 2 ? "" : handle;
}

/** Returns the handle with its number raised, or with a 2. */
export function nextHandle(handle: string): string {
  const [, stem = "", number] = /^(.*?)(\d*)$/.exec(handle)!;
  const next = String(Number(number || 1) + 1);
  return stem.slice(0, longest - next.length) + next;
}
