// When those who draw hear of what changed.

const frameMs = 16;
const restFactor = 4; // times what the last telling took is left to whoever types and scrolls
const maxRestMs = 100;
const typingMs = 200; // behind a letter; then nobody is about to write the next one
const maxDelayMs = 200; // that what comes waits for a letter's frame

/**
 * At once, but not more often than a screen is drawn: hundreds of messages a second would be as many renderings, one
 * after the other without a pause, which React takes for a loop and ends the page. On a slow device less often, so that
 * what comes in does not keep its person from writing. While they write, it is told right behind the frame that shows a
 * letter: that is when the next letter is farthest away.
 */
export class NotifyScheduler {
  #notify: () => void;
  #waitingSince: number | undefined; // when what is not told yet began to wait
  #notBefore = -Infinity; // the rest is over
  #lastKeystroke = -Infinity;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(tell: () => void) {
    this.#notify = tell;
  }

  schedule(): void {
    this.#waitingSince ??= performance.now();
    this.#check();
  }

  /** What the person did shows without delay, and what comes of it does not wait for a next letter. */
  flush(): void {
    this.#lastKeystroke = -Infinity;
    if (this.#waitingSince !== undefined) this.#run();
  }

  /** A letter was written. */
  keystroke(): void {
    this.#lastKeystroke = performance.now();
    globalThis.requestAnimationFrame?.(() => setTimeout(() => {
      if (this.#waitingSince !== undefined && performance.now() >= this.#notBefore) this.#run();
    }));
  }

  #check(): void {
    if (this.#waitingSince === undefined) return;
    const now = performance.now();
    const at = now - this.#lastKeystroke < typingMs ? Math.max(this.#notBefore, this.#waitingSince + maxDelayMs) : this.#notBefore;
    clearTimeout(this.#timer);
    if (now >= at) this.#run();
    else if (at < Infinity) this.#timer = setTimeout(() => this.#check(), at - now);
  }

  #run(): void {
    clearTimeout(this.#timer);
    this.#waitingSince = undefined;
    const from = performance.now();
    this.#notBefore = Infinity; // what changes while it is told is told the next time
    try {
      this.#notify();
    } finally {
      queueMicrotask(() => { // behind React's, which draws
        const now = performance.now();
        this.#notBefore = now + Math.min(maxRestMs, Math.max(frameMs, restFactor * (now - from)));
        this.#check();
      });
    }
  }
}
