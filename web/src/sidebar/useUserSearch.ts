import { useEffect, useMemo, useState } from "react";
import { useCore, useSnapshot } from "../app/useCore.ts";
import { fuzzyFind, matchScore } from "../core/search.ts";
import type { User } from "../core/wire.ts";

const restMs = 150;
const most = 20;

/** Returns the users that match the query, without oneself: first loaded ones, with typos allowed, then the server's results. */
export function useUserSearch(query: string): { people: readonly User[]; searching: boolean } {
  const core = useCore();
  const q = query.trim().replace(/^@/, "");
  const me = useSnapshot((s) => s.state.me?.id);
  const known = useSnapshot((s) => s.state.users);
  const [answer, setAnswer] = useState<{ q: string; users: readonly User[] }>();
  useEffect(() => {
    let gone = false;
    const timer = setTimeout(() => {
      void core.api.users({ q, limit: most }).then(({ users }) => users, () => []).then((users) => gone || setAnswer({ q, users }));
    }, restMs);
    return () => {
      gone = true;
      clearTimeout(timer);
    };
  }, [core, q]);
  const people = useMemo(() => {
    const texts = (u: User) => [u.name, u.handle];
    const here = q ? fuzzyFind(q, [...known.values()], texts, most) : [];
    // Until the response comes, the last results that still match.
    const there = answer?.users.filter((u) => answer.q === q || texts(u).some((text) => matchScore(q, text) > 0)) ?? [];
    return [...new Map([...here, ...there].map((u) => [u.id, u])).values()].filter((u) => u.active && u.id !== me);
  }, [q, known, me, answer]);
  return { people, searching: answer?.q !== q };
}
