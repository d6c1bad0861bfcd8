// Copies of drafts that a page writes synchronously as it is left: its last write to IndexedDB may not reach the disk.
// The next page takes them over. They hold no quoted text of another user.
const prefix = "parley-draft ";

/** A copy of a row: what was written last, or that it was deleted. replaces: another tab's row that it was derived from. */
export interface DraftCopy<T> { readonly at: number; readonly draft?: T; readonly replaces?: { readonly row: string; readonly at: number } }

export function keepCopy<T>(row: string, copy: DraftCopy<T>): void {
  try {
    localStorage.setItem(prefix + row, JSON.stringify(copy));
  } catch {
    // blocked, or full: what IndexedDB has is what there is
  }
}

/** Returns the copies of the rows whose keys begin so. */
export function copiesOf<T>(rows: string): Map<string, DraftCopy<T>> {
  const all = new Map<string, DraftCopy<T>>();
  try {
    for (const key of Object.keys(localStorage)) {
      if (key.startsWith(prefix + rows)) all.set(key.slice(prefix.length), JSON.parse(localStorage.getItem(key) ?? "null") as DraftCopy<T>);
    }
  } catch {
    // blocked
  }
  return all;
}

export function dropCopies(rows: Iterable<string>): void {
  try {
    for (const row of rows) localStorage.removeItem(prefix + row);
  } catch {
    // blocked
  }
}
