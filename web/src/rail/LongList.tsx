import { Fragment, type ReactNode } from "react";
import { Virtualizer } from "virtua";
import type { Item } from "./ChatList.tsx";

/** Only what is in sight, and what the keyboard and the address point at. */
export default function LongList({ items, show, keep }: { items: readonly Item[]; show(i: Item): ReactNode; keep: readonly (string | undefined)[] }) {
  const kept = keep.map((key) => items.findIndex((i) => i.key === key)).filter((i) => i >= 0);
  return <Virtualizer as="ul" item="li" data={items} keepMounted={kept}>{(i) => <Fragment key={i.key}>{show(i)}</Fragment>}</Virtualizer>;
}
