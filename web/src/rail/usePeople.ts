import { useEffect, useState } from "react";
import { useCore } from "../app/useCore.ts";
import type { User } from "../core/wire.ts";

const restMs = 150;

/** Those of the server who answer the query, without oneself. */
export function usePeople(query: string): readonly User[] {
  const core = useCore();
  const [people, setPeople] = useState<readonly User[]>([]);
  useEffect(() => {
    let gone = false;
    const timer = setTimeout(() => {
      core.api.users({ q: query.trim().replace(/^@/, ""), limit: 20 }).then(
        ({ users }) => gone || setPeople(users.filter((u) => u.active && u.id !== core.snapshot.state.me?.id)),
        () => {},
      );
    }, restMs);
    return () => {
      gone = true;
      clearTimeout(timer);
    };
  }, [core, query]);
  return people;
}
