// The page's state, as one immutable snapshot, and the listeners that are notified of a new one.
import type { Failure } from "./failure.ts";
import { NotifyScheduler } from "./notifyScheduler.ts";
import { emptyOutbox, type Pending } from "./outbox.ts";
import type { ConnectionState } from "./socket.ts";
import { type Action, emptyState, reduce, type State } from "./state.ts";
import type { StorageProblem } from "./storage.ts";
import type { User } from "./wire.ts";

export interface Snapshot {
  /** unreachable: whether a user is signed in is unknown, for the reason in failure. otherUser: the cookie is no longer that of this page's user. */
  readonly phase: "starting" | "unreachable" | "out" | "in" | "otherUser";
  /** The user of the cookie in phase otherUser. */
  readonly otherUser?: User;
  readonly failure?: Failure;
  readonly state: State;
  readonly pending: readonly Pending[];
  /** The bytes that were sent of each file of an unsent message, by key. */
  readonly uploads: ReadonlyMap<string, number>;
  /** In phase out, its cause tells how that came: "signedOut" by the server, "left" by another page. */
  readonly connection: ConnectionState;
  /** The server's rate limit holds unsent messages back until this time; 0 if it does not. */
  readonly rateLimitedUntil: number;
  /** The server has another version than when this page was loaded. */
  readonly outdated: boolean;
  /** Why texts written here are lost with the page; undefined if they are stored. */
  readonly storageProblem: StorageProblem | undefined;
  /** A text would be lost if the page were closed now. */
  readonly unsavedText: boolean;
}

export const initialSnapshot: Snapshot = { phase: "starting", state: emptyState, pending: emptyOutbox.pending, uploads: new Map(), connection: { state: "connecting" }, rateLimitedUntil: 0, outdated: false, storageProblem: undefined, unsavedText: false };

export class Store {
  snapshot: Snapshot = initialSnapshot;
  /** The snapshot that listeners were last notified of. All views render this one, also those that render in between. */
  published: Snapshot = initialSnapshot;
  readonly scheduler = new NotifyScheduler(() => {
    this.published = this.snapshot;
    for (const l of this.#listeners) l();
  });
  #listeners = new Set<() => void>();
  #batchDepth = 0; // of nested batches: listeners are notified once, at the end

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  dispatch(a: Action): void {
    const state = reduce(this.snapshot.state, a);
    if (state !== this.snapshot.state) this.set({ state });
  }

  set(part: Partial<Snapshot>): void {
    this.batch(() => void (this.snapshot = { ...this.snapshot, ...part }));
  }

  /** Resolves when there is a connection, at the latest after some milliseconds. */
  reconnected(withinMs: number): Promise<void> {
    return new Promise((ok) => {
      const look = () => this.snapshot.connection.state === "live" && done();
      const stop = this.subscribe(look);
      const timer = setTimeout(() => done(), withinMs);
      const done = () => {
        clearTimeout(timer);
        stop();
        ok();
      };
      look();
    });
  }

  /** Notifies listeners once for all changes that it makes. */
  batch(change: () => void): void {
    this.#batchDepth++;
    try {
      change();
    } finally {
      this.#batchDepth--;
      if (this.#batchDepth === 0 && this.published !== this.snapshot) this.scheduler.schedule();
    }
  }
}
