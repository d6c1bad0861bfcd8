// Throttles notifications to subscribers.

const frameMs = 16;
const restFactor = 4; // the pause is this many times what the last notification took, so that typing and scrolling get the rest
const maxRestMs = 100;
const typingMs = 200; // after a keystroke; without another one the user has stopped typing
const maxDelayMs = 200; // for which a notification waits for a keystroke's frame

/**
 * NotifyScheduler notifies at once, but at most once per frame: hundreds of messages a second would cause as many
 * synchronous renders, which React takes for an endless update loop. On a slow device the pauses are longer, so that
 * incoming messages do not block typing. While the user types, it notifies right after the frame that shows a
 * keystroke: then the next keystroke is farthest away.
 */
export class NotifyScheduler {
  #notify: () => void;
  #waitingSince: number | undefined; // when the first change that is not notified yet came
  #notBefore = -Infinity; // the end of the pause
  #lastKeystroke = -Infinity;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(notify: () => void) {
    this.#notify = notify;
  }

  schedule(): void {
    this.#waitingSince ??= performance.now();
    this.#check();
  }

  /** Notifies without delay: the user's own actions show at once. */
  flush(): void {
    this.#lastKeystroke = -Infinity;
    if (this.#waitingSince !== undefined) this.#run();
  }

  /** Records a keystroke. */
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
    this.#notBefore = Infinity; // changes made by a listener wait for the next notification
    try {
      this.#notify();
    } finally {
      queueMicrotask(() => { // after the microtask in which React renders
        const now = performance.now();
        this.#notBefore = now + Math.min(maxRestMs, Math.max(frameMs, restFactor * (now - from)));
        this.#check();
      });
    }
  }
}
