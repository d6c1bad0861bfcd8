import { useEffect, useState } from "react";
import { useCore } from "../app/useCore.ts";

const most = 8;

/** What the user searched for on this device, newest first. */
export function useRecentSearches(): { recent: readonly string[]; add: (q: string) => void; clear: () => void } {
  const { storage } = useCore();
  const [recent, setRecent] = useState<readonly string[]>([]);
  useEffect(() => {
    let gone = false;
    void storage?.recentSearches().then((all) => gone || setRecent(all), () => {});
    return () => void (gone = true);
  }, [storage]);
  function save(all: readonly string[]) {
    setRecent(all);
    void storage?.saveRecentSearches(all).catch(() => {}); // they are a convenience
  }
  return { recent, add: (q) => q && save([q, ...recent.filter((x) => x !== q)].slice(0, most)), clear: () => save([]) };
}
