// Toasts: short messages at the lower edge.
import { useSyncExternalStore } from "react";
import { explain } from "../strings/failure.ts";

interface Toast { readonly id: number; readonly text: string }

const shownMs = 5000;
let toasts: readonly Toast[] = [];
let next = 1;
const listeners = new Set<() => void>();

function set(now: readonly Toast[]): void {
  toasts = now;
  listeners.forEach((l) => l());
}

export function toast(text: string): void {
  const id = next++;
  set([...toasts.slice(-2), { id, text }]);
  setTimeout(() => set(toasts.filter((x) => x.id !== id)), shownMs);
}

/** Runs an action; a failure is shown as a toast. */
export function attempt(what: () => Promise<unknown>): void {
  what().catch((err) => toast(explain(err).message));
}

export function Toasts() {
  const now = useSyncExternalStore((l) => (listeners.add(l), () => listeners.delete(l)), () => toasts);
  return <div className="toasts" role="status" aria-live="polite">{now.map((x) => <div className="toast" key={x.id}>{x.text}</div>)}</div>;
}
