// Browsers translate a page by moving its texts into <font> elements, so that React no longer finds a text where it was
// and throws, which would end the page: https://github.com/facebook/react/issues/11538.

interface Methods {
  removeChild: (this: Node, child: Node) => Node;
  insertBefore: (this: Node, node: Node, before: Node | null) => Node;
}

/** Makes removeChild and insertBefore find nodes that a translator has wrapped. */
export function tolerateTranslation(): void {
  const { removeChild, insertBefore } = Node.prototype as Methods;
  /** Returns the child of parent in which the node is; null if it is elsewhere. */
  const childWith = (parent: Node, node: Node): Node | null => {
    let at: Node | null = node;
    while (at && at.parentNode !== parent) at = at.parentNode;
    return at;
  };
  Node.prototype.removeChild = function <T extends Node>(this: Node, child: T): T {
    const there = childWith(this, child);
    if (there) removeChild.call(this, there);
    return child;
  };
  Node.prototype.insertBefore = function <T extends Node>(this: Node, node: T, before: Node | null): T {
    insertBefore.call(this, node, before && childWith(this, before));
    return node;
  };
}
