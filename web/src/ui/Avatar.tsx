import type { User } from "../core/wire.ts";

/** The initials of a user. Hidden from screen readers: the name is beside it. */
export function Avatar({ user, online, small }: { user: Pick<User, "name">; online?: boolean; small?: boolean }) {
  return <span className={small ? "avatar small" : "avatar"} data-online={online || undefined} aria-hidden="true">{initials(user.name)}</span>;
}

export function initials(name: string): string {
  const words = name.trim().split(/\s+/);
  const letters = words.length > 1 ? [words[0]!, words.at(-1)!] : words;
  return letters.map((w) => [...w][0] ?? "").join("").toUpperCase();
}
