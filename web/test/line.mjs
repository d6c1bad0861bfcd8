// A slow line to a server under test.
import { connect, createServer } from "node:net";

const everyMs = 100;

/** A TCP proxy with a limited bandwidth in each direction. */
export class Line {
  bytesPerSecond = Infinity;
  /** Counts the WebSocket connections. */
  sockets = 0;
  #server;
  #open = new Set();

  async listen(to) {
    this.#server = createServer((page) => {
      const server = connect(Number(to.port), to.hostname);
      for (const s of [page, server]) {
        this.#open.add(s);
        s.on("error", () => {}).on("close", () => (this.#open.delete(s), page.destroy(), server.destroy()));
      }
      page.once("data", (head) => (this.sockets += Number(head.toString("latin1").startsWith("GET /api/socket"))));
      this.#pass(page, server);
      this.#pass(server, page);
    });
    await new Promise((ok) => this.#server.listen(0, "127.0.0.1", ok));
    return `http://127.0.0.1:${this.#server.address().port}`;
  }

  /** Reads from one end only what the other end may get, so that the sender is throttled. */
  #pass(from, to) {
    from.on("data", async (bytes) => {
      from.pause();
      while (bytes.length && !to.destroyed) {
        const some = bytes.subarray(0, Math.min(bytes.length, Math.max(1, (this.bytesPerSecond * everyMs) / 1000)));
        bytes = bytes.subarray(some.length);
        to.write(some);
        if (this.bytesPerSecond < Infinity) await new Promise((ok) => setTimeout(ok, everyMs));
      }
      from.resume();
    });
  }

  cut() {
    for (const s of this.#open) s.destroy();
  }

  close() {
    this.cut();
    this.#server.close();
  }
}

/** Signs the page's user in at another port of the server, too: the name of the cookie carries the port. */
export async function copySession(page, url, serverUrl) {
  const { port } = new URL(serverUrl);
  const context = page.context();
  const [cookie] = (await context.cookies()).filter((c) => c.name.endsWith(`-${port}`));
  await context.addCookies([{ ...cookie, name: cookie.name.replace(port, new URL(url).port) }]);
}
