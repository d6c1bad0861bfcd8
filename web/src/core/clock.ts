/** Clock estimates the server's time from the times in its messages. */
export class Clock {
  #offset = 0;
  #rtt = Infinity;

  /** Adds the server's time `now`, read between sent and received (local times). The sample with the shortest round trip wins. */
  addSample(now: number, sent: number, received: number): void {
    const rtt = received - sent;
    // A change of the local clock shows as an implausible round-trip time, or as an offset that the round trip cannot explain.
    const offset = now - (sent + received) / 2;
    if (rtt < 0 || (rtt > this.#rtt && Math.abs(offset - this.#offset) <= rtt)) return;
    this.#offset = offset;
    this.#rtt = rtt;
  }

  now(): number {
    return this.at(Date.now());
  }

  /** Returns the server's time at a local time. */
  at(ours: number): number {
    return Math.round(ours + this.#offset);
  }
}
