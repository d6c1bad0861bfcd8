// Back closes the topmost dialog before it leaves the view: each open dialog has an entry of its own in the browser's
// history, with the address below it. https://developer.mozilla.org/en-US/docs/Web/API/CloseWatcher would do without
// entries, but not in every browser.
import { useEffect, useEffectEvent } from "react";

interface Entry {
  readonly close: () => void;
  /** A view has taken the entry for its address. */
  taken?: boolean;
}

const open: Entry[] = [];
let unused = 0; // entries of closed dialogs on top of the history
let removing = false;
let waiting: (() => void)[] = [];

/** Closes what is open when the user goes back. */
export function useBackCloses(isOpen: boolean, onClose: () => void): void {
  const close = useEffectEvent(onClose);
  useEffect(() => {
    if (!isOpen) return;
    const entry: Entry = { close: () => close() };
    open.push(entry);
    if (unused > 0 && !removing) unused--; // a dialog follows another one
    else whenRemoved(() => open.includes(entry) && history.pushState(history.state, ""));
    return () => {
      const i = open.indexOf(entry);
      if (i < 0) return; // Back has closed it
      open.splice(i, 1);
      if (entry.taken) return;
      unused++;
      setTimeout(removeUnused); // what follows in this task may take it
    };
  }, [isOpen]);
}

/** Reports whether the newest entry of the history is a dialog's, and gives it to a view that is about to set its address. */
export function takeEntry(): boolean {
  const top = open.at(-1);
  if (top && !top.taken) return (top.taken = true);
  if (unused === 0) return false;
  unused = 0;
  return true;
}

/** Runs what sets an address, after entries that are being removed are gone. */
export function whenRemoved(run: () => void): void {
  if (removing) waiting.push(run);
  else run();
}

function removeUnused(): void {
  if (unused === 0 || removing) return;
  removing = true;
  history.go(-unused);
  unused = 0;
}

addEventListener("popstate", () => {
  if (removing) {
    removing = false;
    const now = waiting;
    waiting = [];
    for (const run of now) run();
    return;
  }
  const top = open.at(-1);
  if (!top || top.taken) return;
  open.pop();
  top.close();
});
