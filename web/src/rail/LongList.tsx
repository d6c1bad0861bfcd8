import { createContext, Fragment, type ReactNode, useContext } from "react";
import { type CustomItemComponentProps, Virtualizer } from "virtua";

interface Props<T> {
  items: readonly T[];
  show(item: T): ReactNode;
  /** Keys of those that are there even out of sight: what the keyboard and the address point at. */
  keep?: readonly (string | undefined)[];
}

const Size = createContext(0);

/** Says which of how many it is: the page has only some of them. */
function Item({ index, ...rest }: CustomItemComponentProps) {
  return <li {...rest} aria-posinset={index + 1} aria-setsize={useContext(Size)} />;
}

/** A list of which only what is in sight is on the page; whatever holds it scrolls. */
export default function LongList<T extends { readonly key: string }>({ items, show, keep = [] }: Props<T>) {
  const kept = keep.map((key) => items.findIndex((i) => i.key === key)).filter((i) => i >= 0);
  return (
    <Size value={items.length}>
      <Virtualizer as="ul" item={Item} data={items} keepMounted={kept}>{(i) => <Fragment key={i.key}>{show(i)}</Fragment>}</Virtualizer>
    </Size>
  );
}
