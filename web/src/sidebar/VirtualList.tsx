import { createContext, Fragment, type ReactNode, useContext, useMemo, useState } from "react";
import { type CustomItemComponentProps, Virtualizer } from "virtua";

interface Props<T> {
  items: readonly T[];
  show: (item: T) => ReactNode;
  /** Keys of those that are there even out of sight: what the keyboard and the address point at. */
  keep?: readonly (string | undefined)[];
}

const near = 8; // items around the one with the focus: Tab goes on before a scroll could show them

const List = createContext({ size: 0, focused: (_index: number) => {} });

/** Says which of how many it is: the page has only some of them. */
function Item({ index, ...rest }: CustomItemComponentProps) {
  const { size, focused } = useContext(List);
  return <li {...rest} aria-posinset={index + 1} aria-setsize={size} onFocus={() => focused(index)} />;
}

/** A list of which only what is in sight is on the page; whatever holds it scrolls. */
export default function VirtualList<T extends { readonly key: string }>({ items, show, keep = [] }: Props<T>) {
  const [at, setAt] = useState<number>();
  const size = items.length;
  const list = useMemo(() => ({ size, focused: setAt }), [size]);
  const kept = keep.map((key) => items.findIndex((i) => i.key === key)).filter((i) => i >= 0);
  if (at !== undefined) for (let i = Math.max(0, at - near); i < Math.min(size, at + near + 1); i++) kept.push(i);
  return (
    <List value={list}>
      <Virtualizer as="ul" item={Item} data={items} keepMounted={kept}>{(i) => <Fragment key={i.key}>{show(i)}</Fragment>}</Virtualizer>
    </List>
  );
}
