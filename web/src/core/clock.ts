/** The server's time, from the times that it tells. */
export class Clock {
  #offset = 0;
  #rtt = Infinity;

  /** now was told between sent and received, our own times: the shorter that took, the better it is known. */
  addSample(now: number, sent: number, received: number): void {
    const rtt = received - sent;
    // An own clock that was set in between shows as a long or a negative way, or as an offset that the way cannot explain.
    const offset = now - (sent + received) / 2;
    if (rtt < 0 || (rtt > this.#rtt && Math.abs(offset - this.#offset) <= rtt)) return;
    this.#offset = offset;
    this.#rtt = rtt;
  }

  now(): number {
    return this.at(Date.now());
  }

  /** The server's time at one of ours. */
  at(ours: number): number {
    return Math.round(ours + this.#offset);
  }
}
