import { encode } from "@msgpack/msgpack";
import type { ConnectionState, WebSocketLike } from "../socket.ts";
import { decodeValues, type Hello } from "../wire.ts";
import { user } from "./log.ts";

export const helloOk = (more: Partial<Hello> = {}): Hello => ({
  epoch: "e", me: user("me"), chats: [], users: [], version: "1", now: 0, heartbeatMs: 25000,
  limits: { text: 16384, body: 1, message: 131072, page: 200, sockets: 20, posts: { n: 20, perMs: 10000 } }, ...more,
});

/** A fake WebSocket: the test plays the server. */
export class FakeWire implements WebSocketLike {
  binaryType: BinaryType = "blob";
  readonly OPEN = 1;
  readyState: WebSocketLike["readyState"] = 0;
  onopen: WebSocketLike["onopen"] = null;
  onmessage: WebSocketLike["onmessage"] = null;
  onclose: WebSocketLike["onclose"] = null;
  closed = false;
  /** The commands received, oldest first. Tests remove those that they have checked. */
  got: Record<string, unknown>[] = [];

  /** Throws unless the connection is open: a browser drops what is sent later, and reports an error on the console. */
  send(data: string | ArrayBufferLike | Blob | ArrayBufferView): void {
    if (this.readyState !== this.OPEN) throw new Error("sent on a connection that is not open");
    this.got.push(...(decodeValues(data as Uint8Array<ArrayBuffer>) as unknown as Record<string, unknown>[]));
  }
  close(): void {
    this.closed = true;
    this.readyState = 2;
  }

  opens(): void {
    this.readyState = this.OPEN;
    this.onopen?.call(this as unknown as WebSocket, {} as never);
  }
  /** Sends the values in one message. */
  says(...values: object[]): void {
    const parts = values.map((v) => encode(v));
    const all = new Uint8Array(parts.reduce((n, p) => n + p.length, 0));
    parts.reduce((at, p) => (all.set(p, at), at + p.length), 0);
    this.saysBytes(all.buffer);
  }
  saysBytes(data: ArrayBuffer): void {
    this.onmessage?.call(this as unknown as WebSocket, { data } as MessageEvent);
  }
  breaks(code = 1006, reason = ""): void {
    this.readyState = 3;
    this.onclose?.call(this as unknown as WebSocket, { code, reason } as CloseEvent);
  }
  /** Opens the connection and replies to hello. */
  greets(more: Partial<Hello> = {}, ...values: object[]): void {
    this.opens();
    const [hello] = this.got.splice(0);
    this.says({ re: hello!.id, ok: helloOk(more) }, ...values);
  }
  last(verb: string): Record<string, unknown> {
    return this.got.findLast((c) => c.do === verb)!;
  }
}

export const lineOf = (l: ConnectionState): string => [l.state, l.cause].filter(Boolean).join(" ");
