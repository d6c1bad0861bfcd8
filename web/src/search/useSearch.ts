import { useEffect, useMemo, useState } from "react";
import { useCore } from "../app/useCore.ts";
import { useCurrent, useReconnects } from "../app/useCurrent.ts";
import type { Api, SearchHit, SearchPage } from "../core/api.ts";
import { messageKey } from "../core/changes.ts";
import type { Message } from "../core/wire.ts";
import { explain } from "../strings/failure.ts";
import { messagePreview } from "../strings/preview.ts";

const restMs = 150; // after the last key
const pageSize = 25;
const shownText = 200; // characters of a hit that was edited

export interface Found extends SearchPage { readonly q: string }
/** The last answer, so that Back shows it as it was: with its place, and the hit that was opened. */
export interface Kept { readonly found: Found; scrollTop: number; opened?: string }

/** An API is made for one user, and ends with their session. */
const keptBy = new WeakMap<Api, Kept>();

export interface Search {
  /** The answer; to an earlier query while that to this one is awaited. */
  readonly found?: Found;
  readonly failure?: { readonly field?: string; readonly message: string };
  readonly busy: boolean;
  /** Of the answer that was kept from before this page was shown. */
  readonly kept?: Kept;
  readonly more: () => void;
  readonly retry: () => void;
}

const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;

/** Searches for q, a moment after it was typed, and again when the connection comes back. The answer to an earlier query is dropped. */
export function useSearch(q: string): Search {
  const core = useCore();
  const { api } = core;
  const [kept] = useState(() => (keptBy.get(api)?.found.q === q ? keptBy.get(api) : undefined));
  const [found, setFound] = useState(kept?.found);
  const [failed, setFailed] = useState<{ q: string; field?: string; message: string }>();
  const [attempt, setAttempt] = useState(0);
  const [loading, setLoading] = useState(false); // a further page
  const reconnects = useReconnects();
  const [foundAt, setFoundAt] = useState(reconnects); // of the answer
  const settled = found?.q === q && foundAt === reconnects;
  const failure = failed?.q === q ? failed : undefined;

  useEffect(() => {
    if (!q || settled || failure) return;
    const stop = new AbortController();
    const timer = setTimeout(() => {
      core.search({ q, limit: pageSize, tz: zone }, stop.signal).then((page) => {
        if (stop.signal.aborted) return;
        const answer = { ...page, q };
        keptBy.set(api, { found: answer, scrollTop: 0 });
        setFound(answer);
        setFoundAt(reconnects);
        setFailed(undefined);
      }, (err: unknown) => stop.signal.aborted || setFailed({ q, ...explain(err) }));
    }, attempt ? 0 : restMs);
    return () => {
      stop.abort();
      clearTimeout(timer);
    };
  }, [core, api, q, settled, failure, attempt, reconnects]);

  function more() {
    if (!found?.next || loading) return;
    setLoading(true);
    core.search({ q: found.q, limit: pageSize, tz: zone, cursor: found.next }).then((page) => {
      const answer = { ...found, hits: [...found.hits, ...page.hits], next: page.next, indexedFrom: page.indexedFrom };
      setFound((now) => {
        if (now !== found) return now; // another query was typed
        keptBy.set(api, { found: answer, scrollTop: keptBy.get(api)?.scrollTop ?? 0 });
        return answer;
      });
    }, (err: unknown) => setFailed({ q: found.q, ...explain(err) })).finally(() => setLoading(false));
  }
  const current = useCurrent(useMemo(() => found?.hits.map((h) => h.message) ?? [], [found]));
  const shown = useMemo(() => found && { ...found, hits: currentHits(found.hits, current) }, [found, current]);
  return {
    found: q ? shown : undefined, failure, kept, busy: loading || (q !== "" && !settled && !failure), more,
    retry: () => {
      setFailed(undefined);
      setAttempt((n) => n + 1);
      if (settled) more();
    },
  };
}

/** Returns the hits that are left. One that was edited shows its new text, without marks. */
function currentHits(hits: readonly SearchHit[], current: readonly Message[]): SearchHit[] {
  const now = new Map(current.map((m) => [messageKey(m), m]));
  return hits.flatMap((h) => {
    const message = now.get(messageKey(h.message));
    if (!message) return [];
    return message.text === h.message.text ? [h] : [{ ...h, message, snippet: messagePreview(message, shownText), highlights: [] }];
  });
}

/** Notes where the results are scrolled, and the hit that is opened, for Back. */
export function keep(api: Api, place: { scrollTop: number; opened?: string }): void {
  const kept = keptBy.get(api);
  if (kept) Object.assign(kept, place);
}
