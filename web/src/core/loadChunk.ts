// Loads chunks of the page on demand.

/** Returns a function that loads the chunk once, and again after a failure. */
export function loadChunk<T>(load: () => Promise<T>): () => Promise<T> {
  let chunk: Promise<T> | undefined;
  let failed: { url: string; times: number } | undefined;
  // Browsers may cache a failed module by its URL, so a retry uses another URL.
  return () => (chunk ??= (failed ? import(/* @vite-ignore */ `${failed.url}?again=${failed.times}`) as Promise<T> : load()).catch((err: unknown) => {
    chunk = undefined;
    const url = failed?.url ?? /https?:\/\/[^\s?]+\.js/.exec(String(err))?.[0]; // Safari's error has no URL, but Safari does not cache failures
    if (url) failed = { url, times: (failed?.times ?? 0) + 1 };
    throw err;
  }));
}
