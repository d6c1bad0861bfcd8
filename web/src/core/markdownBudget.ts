const maxElements = 500; // in one message; what follows is text

export const maxDepth = 6; // of lists and quotes, and of emphasis, within each other

/** What reading one text may still cost. */
export class Budget {
  steps = 0;
  #elements = maxElements;
  #most: number;

  constructor(most: number) {
    this.#most = most;
  }

  /** Counts n steps. Every loop of the parser calls it; it throws when no step is left. */
  step(n = 1): void {
    this.steps += n;
    if (this.steps > this.#most) throw new OutOfSteps();
  }

  /** Takes one element and reports whether there was one. */
  element(): boolean {
    return this.#elements > 0 && this.#elements-- > 0;
  }
}

export class OutOfSteps extends Error {}
