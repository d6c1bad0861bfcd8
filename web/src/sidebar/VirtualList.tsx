import { createContext, Fragment, type ReactNode, useContext, useMemo, useState } from "react";
import { type CustomItemComponentProps, Virtualizer } from "virtua";

interface Props<T> {
  items: readonly T[];
  show: (item: T) => ReactNode;
  /** Keys of items that stay mounted out of view: the current one and the tab stop. */
  keep?: readonly (string | undefined)[];
}

const near = 8; // items mounted around the focused one, for Tab moves there before a scroll mounts more

const List = createContext({ size: 0, focused: (_index: number) => {} });

/** Has aria-posinset and aria-setsize, because only some items are in the document. */
function Item({ index, ...rest }: CustomItemComponentProps) {
  const { size, focused } = useContext(List);
  return <li {...rest} aria-posinset={index + 1} aria-setsize={size} onFocus={() => focused(index)} />;
}

/** A list that mounts only the items in view; an ancestor is the scroll container. */
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
