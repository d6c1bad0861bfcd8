import { Fragment, type ReactNode } from "react";
import { Virtualizer } from "virtua";

interface Props<T> {
  items: readonly T[];
  show(item: T): ReactNode;
  /** Keys of those that are there even out of sight: what the keyboard and the address point at. */
  keep?: readonly (string | undefined)[];
}

/** A list of which only what is in sight is on the page; whatever holds it scrolls. */
export default function LongList<T extends { readonly key: string }>({ items, show, keep = [] }: Props<T>) {
  const kept = keep.map((key) => items.findIndex((i) => i.key === key)).filter((i) => i >= 0);
  return <Virtualizer as="ul" item="li" data={items} keepMounted={kept}>{(i) => <Fragment key={i.key}>{show(i)}</Fragment>}</Virtualizer>;
}
