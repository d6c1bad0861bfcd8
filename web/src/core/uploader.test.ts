import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { emptyOutbox, type OutboxAction, type Pending, reduceOutbox } from "./outbox.ts";
import { Random } from "./testkit/random.ts";
import type { UploadRequest, UploadResponse } from "./upload.ts";
import { Uploader } from "./uploader.ts";

beforeEach(() => void vi.useFakeTimers({ now: 1_800_000_000_000 }));
afterEach(() => void vi.useRealTimers());

const piece = 4 << 20;

/** A server that keeps what it has answered; fail decides what happens to a request. */
class Server {
  uploads = new Map<string, { length: number; size: number; meta: string }>();
  requests: string[] = [];
  fail: (r: UploadRequest) => "lost" | "cut" | UploadResponse | undefined = () => undefined;

  readonly send = async (r: UploadRequest): Promise<UploadResponse> => {
    this.requests.push(`${r.method} ${r.headers["Upload-Offset"] ?? ""}`.trim());
    await new Promise((ok) => setTimeout(ok, 10));
    const none: UploadResponse = { status: 0, text: "", header: () => null };
    const fault = r.signal?.aborted ? "lost" : this.fail(r);
    if (fault === "lost") return none;
    if (typeof fault === "object") return fault;
    const answer = this.#answer(r, fault === "cut");
    return fault === "cut" ? none : answer;
  };

  #answer(r: UploadRequest, cut: boolean): UploadResponse {
    const id = r.path.split("/")[3] ?? "";
    const reply = (status: number, headers: Record<string, string> = {}, text = ""): UploadResponse => ({ status, text, header: (n) => headers[n] ?? null });
    if (r.method === "POST") {
      const id = `upload-${this.uploads.size + 1}`;
      this.uploads.set(id, { length: Number(r.headers["Upload-Length"]), size: 0, meta: r.headers["Upload-Metadata"]! });
      return reply(201, { Location: `/api/uploads/${id}`, "Upload-Offset": "0" });
    }
    const u = this.uploads.get(id);
    if (!u) return reply(404, {}, r.method === "HEAD" ? "" : '{"error":{"code":"not_found","message":"no such upload"}}');
    if (r.method === "DELETE") return this.uploads.delete(id), reply(204);
    if (r.method === "PATCH") {
      if (Number(r.headers["Upload-Offset"]) !== u.size) return reply(409, {}, '{"error":{"code":"conflict","message":"other offset","field":"Upload-Offset"}}');
      u.size += cut ? Math.floor(r.body!.size / 2) : r.body!.size;
    }
    return reply(r.method === "HEAD" ? 200 : 204, { "Upload-Offset": String(u.size) });
  }
}

/** A page with one message that has the files. */
function page(server: Server, sizes: readonly number[], stored = true) {
  const files = sizes.map((size, i) => ({ key: `f${i + 1}`, name: `Größe ${i + 1}.bin`, type: "", size }));
  const pending: Pending = { clientId: "m", chatId: "c", text: "", files, at: 1, tab: "t", state: "waiting" };
  const progress: number[] = [];
  const p = {
    outbox: emptyOutbox, progress,
    dispatch(a: OutboxAction) {
      p.outbox = reduceOutbox(p.outbox, a);
      p.uploader.sync(p.outbox);
    },
    get message() { return p.outbox.pending[0]; },
    uploader: new Uploader({
      send: server.send,
      read: (_, key) => Promise.resolve(stored ? new Blob([new Uint8Array(sizes[Number(key.slice(1)) - 1]!)]) : undefined),
      dispatch: (a) => p.dispatch(a),
      progress: (sent) => void progress.push([...sent.values()].reduce((a, b) => a + b, 0)),
    }),
  };
  p.dispatch({ type: "written", pending });
  p.dispatch({ type: "live", live: true });
  return p;
}

const complete = (p: ReturnType<typeof page>) => p.message?.files?.every((f) => f.complete) ?? false;

test("a file is sent in pieces of 4 MiB, with its name and chat", async () => {
  const server = new Server();
  const p = page(server, [2 * piece + 1]);
  await vi.advanceTimersByTimeAsync(1000);
  expect(complete(p)).toBe(true);
  expect(server.requests).toEqual(["POST", "PATCH 0", `PATCH ${piece}`, `PATCH ${2 * piece}`]);
  const [u] = server.uploads.values();
  const meta = u!.meta.split(",").map((kv) => kv.split(" ")).map(([k, v]) => `${k}=${Buffer.from(v!, "base64").toString()}`);
  expect(meta).toEqual(["chatId=c", "filename=Größe 1.bin"]);
  expect(p.progress).toEqual([0, piece, 2 * piece, 2 * piece + 1]);
});

test("an empty file needs no piece", async () => {
  const server = new Server();
  const p = page(server, [0]);
  await vi.advanceTimersByTimeAsync(1000);
  expect([complete(p), server.requests]).toEqual([true, ["POST"]]);
});

test.each([1, 2, 3, 4, 5, 6, 7, 8])("uploads survive lost and cut requests (%i)", async (seed) => {
  const r = new Random(seed);
  const server = new Server();
  server.fail = () => (r.chance(0.25) ? "lost" : r.chance(0.25) ? "cut" : undefined);
  const sizes = [3 * piece + 7, 10, 0, piece, 2 * piece];
  const p = page(server, sizes);
  for (let i = 0; i < 200 && !complete(p); i++) await vi.advanceTimersByTimeAsync(2000);
  expect(complete(p)).toBe(true);
  expect(p.message!.files!.map((f) => server.uploads.get(f.id!)!.size)).toEqual(sizes);
});

test("no more than two files are sent at once", async () => {
  const server = new Server();
  let now = 0, most = 0;
  const { send } = server;
  const p = page(Object.assign(server, { send: async (r: UploadRequest) => {
    most = Math.max(most, ++now);
    try {
      return await send(r);
    } finally {
      now--;
    }
  } }), [5, 5, 5, 5, 5]);
  await vi.advanceTimersByTimeAsync(2000);
  expect([complete(p), most]).toEqual([true, 2]);
});

test("a refusal fails the message; a retry goes on with the same upload", async () => {
  const server = new Server();
  let full = true;
  server.fail = (r) => (full && r.method === "PATCH" && r.headers["Upload-Offset"] !== "0" ? { status: 507, header: () => null, text: '{"error":{"code":"disk_full","message":"the disk is full"}}' } : undefined);
  const p = page(server, [2 * piece]);
  await vi.advanceTimersByTimeAsync(1000);
  expect([p.message!.state, p.message!.reason]).toEqual(["failed", { code: "disk_full", message: "the disk is full" }]);
  full = false;
  p.dispatch({ type: "retried", clientId: "m", at: 2 });
  await vi.advanceTimersByTimeAsync(1000);
  expect([complete(p), server.uploads.size, server.requests.slice(-2)]).toEqual([true, 1, ["HEAD", `PATCH ${piece}`]]);
});

test("an upload that expired is begun again", async () => {
  const server = new Server();
  let lose = true;
  server.fail = (r) => (lose && r.method === "PATCH" ? "lost" : undefined);
  const p = page(server, [5]);
  await vi.advanceTimersByTimeAsync(1000);
  server.uploads.clear();
  lose = false;
  await vi.advanceTimersByTimeAsync(5000);
  expect([complete(p), server.requests]).toEqual([true, ["POST", "PATCH 0", "HEAD", "POST", "PATCH 0"]]);
});

test("a file that is removed ends its upload, and the message with its last file", async () => {
  const server = new Server();
  server.fail = (r) => (r.method === "PATCH" ? "lost" : undefined);
  const p = page(server, [5, 5]);
  await vi.advanceTimersByTimeAsync(100);
  p.dispatch({ type: "fileRemoved", clientId: "m", key: "f1" });
  await vi.advanceTimersByTimeAsync(100);
  expect([p.message!.files!.map((f) => f.key), server.uploads.size]).toEqual([["f2"], 1]);
  p.dispatch({ type: "fileRemoved", clientId: "m", key: "f2" });
  await vi.advanceTimersByTimeAsync(100);
  expect([p.message, server.uploads.size]).toEqual([undefined, 0]);
});

test("a file whose bytes are gone fails the message", async () => {
  const p = page(new Server(), [5], false);
  await vi.advanceTimersByTimeAsync(100);
  expect(p.message!.reason).toEqual({ code: "not_found", message: "noFile" });
});

test("a post that says its files are gone uploads them again on a retry", async () => {
  const server = new Server();
  const p = page(server, [5]);
  await vi.advanceTimersByTimeAsync(1000);
  p.dispatch({ type: "sending", clientId: "m" });
  const { Failure } = await import("./failure.ts");
  p.dispatch({ type: "refused", clientId: "m", failure: new Failure({ code: "bad_input", message: "gone", field: "files" }), at: 5 });
  server.uploads.clear();
  p.dispatch({ type: "retried", clientId: "m", at: 6 });
  await vi.advanceTimersByTimeAsync(1000);
  expect([complete(p), server.uploads.size]).toEqual([true, 1]);
});
