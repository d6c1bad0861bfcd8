const maxElements = 500; // in one message; further ones stay text

export const maxDepth = 6; // of nested lists and quotes, and of nested emphasis

/** Budget limits the cost of parsing one text. */
export class Budget {
  steps = 0;
  #elements = maxElements;
  #most: number;

  constructor(most: number) {
    this.#most = most;
  }

  /** Counts n steps and throws when none is left. Every loop of the parser calls it. */
  step(n = 1): void {
    this.steps += n;
    if (this.steps > this.#most) throw new OutOfSteps();
  }

  /** Takes n elements if that many are left, and reports whether they were. */
  element(n = 1): boolean {
    if (this.#elements < n) return false;
    this.#elements -= n;
    return true;
  }
}

export class OutOfSteps extends Error {}
