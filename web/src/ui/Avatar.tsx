import { type CSSProperties, useState } from "react";
import { pictureUrl } from "../core/selectors.ts";
import { hueOf } from "./hue.ts";

interface Props {
  /** A user, or a group with its title as the name. */
  user: { readonly id: string; readonly name: string; readonly picture?: string };
  online?: boolean;
  size?: "small" | "large";
  /** A group has a rounded square. */
  group?: boolean;
}

/** The picture of a user or a group, else the initials. Hidden from screen readers: the name is beside it. */
export function Avatar({ user, online, size, group }: Props) {
  const [failed, setFailed] = useState<string>();
  const picture = user.picture !== failed && user.picture;
  const className = `avatar${size ? ` ${size}` : ""}${group ? " group" : ""}`;
  return (
    <span className={className} style={{ "--hue": hueOf(user.id) } as CSSProperties} data-online={online || undefined} aria-hidden="true">
      {picture ? <img src={pictureUrl(picture)} alt="" decoding="async" draggable={false} onError={() => setFailed(picture)} /> : initials(user.name)}
    </span>
  );
}

export function initials(name: string): string {
  const words = name.trim().split(/\s+/);
  const letters = words.length > 1 ? [words[0]!, words.at(-1)!] : words;
  return letters.map((w) => [...w][0] ?? "").join("").toUpperCase();
}
