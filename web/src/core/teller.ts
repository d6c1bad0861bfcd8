// When those who draw hear of what changed.

const frameMs = 16;
const restOf = 4; // times what the last telling took is left to whoever types and scrolls
const longestRest = 100;
const writingMs = 200; // behind a letter; then nobody is about to write the next one
const patienceMs = 200; // that what comes waits for a letter's frame

/**
 * At once, but not more often than a screen is drawn: hundreds of messages a second would be as many renderings, one
 * after the other without a pause, which React takes for a loop and ends the page. On a slow device less often, so that
 * what comes in does not keep its person from writing. While they write, it is told right behind the frame that shows a
 * letter: that is when the next letter is farthest away.
 */
export class Teller {
  #tell: () => void;
  #since: number | undefined; // when what is not told yet began to wait
  #free = -Infinity; // the rest is over
  #wrote = -Infinity;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(tell: () => void) {
    this.#tell = tell;
  }

  changed(): void {
    this.#since ??= performance.now();
    this.#due();
  }

  /** What the person did shows without delay, and what comes of it does not wait for a next letter. */
  now(): void {
    this.#wrote = -Infinity;
    if (this.#since !== undefined) this.#go();
  }

  /** A letter was written. */
  writing(): void {
    this.#wrote = performance.now();
    globalThis.requestAnimationFrame?.(() => setTimeout(() => {
      if (this.#since !== undefined && performance.now() >= this.#free) this.#go();
    }));
  }

  #due(): void {
    if (this.#since === undefined) return;
    const now = performance.now();
    const at = now - this.#wrote < writingMs ? Math.max(this.#free, this.#since + patienceMs) : this.#free;
    clearTimeout(this.#timer);
    if (now >= at) this.#go();
    else if (at < Infinity) this.#timer = setTimeout(() => this.#due(), at - now);
  }

  #go(): void {
    clearTimeout(this.#timer);
    this.#since = undefined;
    const from = performance.now();
    this.#free = Infinity; // what changes while it is told is told the next time
    try {
      this.#tell();
    } finally {
      queueMicrotask(() => { // behind React's, which draws
        const now = performance.now();
        this.#free = now + Math.min(longestRest, Math.max(frameMs, restOf * (now - from)));
        this.#due();
      });
    }
  }
}
