import { useCallback, useEffect, useState } from "react";
import { useCore, useSnapshot } from "../app/useCore.ts";
import { useCurrent, useReconnects } from "../app/useCurrent.ts";
import type { Api } from "../core/api.ts";
import { concerns, messageKey } from "../core/changes.ts";
import type { State } from "../core/state.ts";
import type { Message } from "../core/wire.ts";
import { explain } from "../strings/failure.ts";

const pageSize = 30;
const none: readonly Message[] = [];
const concernsUser = (m: Message, { me }: State) => me !== null && concerns(m, me.id);

/** The pages that were loaded, so that Back shows them as they were: with their place, and the message that was opened. */
interface Kept { readonly messages: readonly Message[]; readonly next?: string; scrollTop: number; opened?: string }

/** An API is made for one user, and ends with their session. */
const keptBy = new WeakMap<Api, Kept>();

export interface Mentions {
  /** Undefined until the first page has come. */
  readonly messages?: readonly Message[];
  readonly more: boolean;
  readonly busy: boolean;
  readonly error?: string;
  /** What was kept from before this page was shown. */
  readonly kept?: Kept;
  /** Loads the next page, or the first one again after a failure. */
  readonly load: () => void;
}

/**
 * Loads what named the user or replied to them, newest first, and again as such a message comes or the connection comes
 * back. What is deleted, edited so that it names them no more, or of a chat that they left goes at once.
 */
export function useMentions(): Mentions {
  const core = useCore();
  const { api } = core;
  const [kept] = useState(() => keptBy.get(api));
  const [found, setFound] = useState(kept);
  const [busy, setBusy] = useState(true);
  const [error, setError] = useState<string>();
  const newest = useSnapshot((s) => newestForMe(s.state));
  const reconnects = useReconnects();

  const show = useCallback((messages: readonly Message[], next: string | undefined) => {
    const now = { messages, ...(next && { next }), scrollTop: keptBy.get(api)?.scrollTop ?? 0, opened: keptBy.get(api)?.opened };
    keptBy.set(api, now);
    setFound(now);
    setError(undefined);
    setBusy(false);
  }, [api]);
  const fail = useCallback((err: unknown) => {
    setError(explain(err).message);
    setBusy(false);
  }, []);
  useEffect(() => {
    let gone = false;
    core.mentions({ limit: pageSize }).then((page) => {
      if (gone) return;
      const before = keptBy.get(api), oldest = page.messages.at(-1);
      const known = new Set(page.messages.map(messageKey));
      const joins = before && oldest && page.next && before.messages.some((m) => known.has(messageKey(m))); // no message between is missing
      if (joins) show([...page.messages, ...before.messages.filter((m) => m.at <= oldest.at && !known.has(messageKey(m)))], before.next);
      else show(page.messages, page.next);
    }, (err: unknown) => gone || fail(err));
    return () => void (gone = true);
  }, [core, api, newest, reconnects, show, fail]);

  function load() {
    setBusy(true);
    const before = found && !error ? found.next : undefined;
    core.mentions({ limit: pageSize, before }).then((page) => show(before ? [...(found?.messages ?? []), ...page.messages] : page.messages, page.next), fail);
  }
  const current = useCurrent(found?.messages ?? none, concernsUser);
  return { messages: found && current, more: !!found?.next, busy, error, kept, load };
}

/** Returns the newest last message of a chat that names the user or replies to them: another one asks for the list again. */
function newestForMe({ chats, me }: State): string {
  let newest: Message | undefined;
  for (const { last } of chats.values()) {
    if (last && me && concerns(last, me.id) && !(newest && newest.at >= last.at)) newest = last;
  }
  return newest ? messageKey(newest) : "";
}

/** Notes where the list is scrolled, and the message that is opened, for Back. */
export function keep(api: Api, place: { scrollTop: number; opened?: string }): void {
  const kept = keptBy.get(api);
  if (kept) Object.assign(kept, place);
}
