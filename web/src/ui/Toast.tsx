// Toasts: short messages at the upper edge, one of each kind.
import { explain } from "../strings/failure.ts";
import { Button } from "./Button.tsx";
import { createStore } from "./store.ts";

/** What a toast offers. */
interface ToastAction { readonly label: string; readonly run: () => void }
interface Toast { readonly id: number; readonly kind: string; readonly text: string; readonly action?: ToastAction | undefined }

const shownMs = 5000;
const shownWithActionMs = 10_000;
let toasts: readonly Toast[] = [];
let next = 1;
const store = createStore(toasts);
const set = (now: readonly Toast[]) => store.set((toasts = now));

/** Shows a text for a while, in place of the one of the same kind. */
export function toast(text: string, kind = text, action?: ToastAction): void {
  const id = next++; // also for the same text: a new element is announced again
  set([...toasts.filter((x) => x.kind !== kind).slice(-2), { id, kind, text, action }]);
  setTimeout(() => remove(id), action ? shownWithActionMs : shownMs);
}

const remove = (id: number) => set(toasts.filter((x) => x.id !== id));

/** Runs an action; a failure is shown as a toast. */
export function attempt(what: () => Promise<unknown>): void {
  what().catch((err) => toast(explain(err).message));
}

export function Toasts() {
  const now = store.useValue();
  return <div className="toasts" role="status" aria-live="polite">{now.map((x) => <div className="toast" key={x.id}>{x.text}{x.action && <Button look="plain" onPress={() => { remove(x.id); x.action?.run(); }}>{x.action.label}</Button>}</div>)}</div>;
}
