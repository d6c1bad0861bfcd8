import type { CSSProperties } from "react";
import { hueOf } from "./hue.ts";

interface Props {
  /** A user, or a group with its title as the name. */
  user: { readonly id: string; readonly name: string };
  online?: boolean;
  small?: boolean;
  /** A group has a rounded square. */
  group?: boolean;
}

/** The initials of a user or a group. Hidden from screen readers: the name is beside it. */
export function Avatar({ user, online, small, group }: Props) {
  const className = `avatar${small ? " small" : ""}${group ? " group" : ""}`;
  return <span className={className} style={{ "--hue": hueOf(user.id) } as CSSProperties} data-online={online || undefined} aria-hidden="true">{initials(user.name)}</span>;
}

export function initials(name: string): string {
  const words = name.trim().split(/\s+/);
  const letters = words.length > 1 ? [words[0]!, words.at(-1)!] : words;
  return letters.map((w) => [...w][0] ?? "").join("").toUpperCase();
}
