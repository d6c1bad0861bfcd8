// Uploads the files of the outbox, two at a time, in the order of their messages.
import { asFailure, noFile } from "./failure.ts";
import type { Outbox, OutboxAction, Pending, PendingFile } from "./outbox.ts";
import { removeUpload, upload, type UploadTransport, xhrTransport } from "./upload.ts";

const atOnce = 2;
const pauseMs = 2000; // before a retry without retryAfterMs

/** A file to be sent. Its key is a newId. */
export interface NewFile extends Pick<PendingFile, "key" | "name" | "width" | "height" | "alt" | "keepMetadata"> {
  readonly blob: Blob;
  /** The address of the picture in this page, until it is sent. */
  readonly url?: string;
  /** The chosen file, where blob is made of it. */
  readonly original?: File;
}

export interface UploaderOptions {
  send: UploadTransport;
  /** Returns the bytes of an unsent file. */
  read: (clientId: string, key: string) => Promise<Blob | undefined>;
  dispatch: (a: OutboxAction) => void;
  /** Called with the bytes that were sent of each file that is not complete, by key. */
  progress: (sent: ReadonlyMap<string, number>) => void;
}

export { xhrTransport };

export class Uploader {
  #options: UploaderOptions;
  /** Uploads under way, by the file's key. */
  #active = new Map<string, AbortController>();
  #sent = new Map<string, number>();
  /** When a file is tried again. */
  #pauses = new Map<string, number>();
  #known = new Map<string, PendingFile>();
  #outbox: Outbox | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #stopped = false;

  constructor(options: UploaderOptions) {
    this.#options = options;
  }

  /** Starts and ends uploads, so that they are those of the outbox. */
  sync(outbox: Outbox): void {
    if (this.#stopped || outbox === this.#outbox) return;
    const before = this.#known;
    this.#outbox = outbox;
    this.#known = new Map(outbox.pending.flatMap((p) => p.files?.map((f) => [f.key, f] as const) ?? []));
    for (const [key, f] of before) if (!this.#known.has(key)) this.#forget(f);
    this.#start();
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
    for (const a of this.#active.values()) a.abort();
  }

  #start(): void {
    if (this.#stopped || !this.#outbox?.live) return;
    clearTimeout(this.#timer);
    const now = Date.now();
    let next = Infinity;
    for (const p of this.#outbox.pending) {
      if (p.state !== "waiting") continue;
      for (const f of p.files ?? []) {
        if (f.complete || this.#active.has(f.key)) continue;
        const at = this.#pauses.get(f.key) ?? 0;
        if (at > now) next = Math.min(next, at);
        else if (this.#active.size < atOnce) void this.#upload(p, f);
      }
    }
    if (next < Infinity) this.#timer = setTimeout(() => this.#start(), next - now);
  }

  async #upload({ clientId, chatId }: Pending, { key, name, id, keepMetadata = false }: PendingFile): Promise<void> {
    const { send, read, dispatch } = this.#options;
    const stop = new AbortController();
    this.#active.set(key, stop);
    try {
      const blob = await read(clientId, key);
      if (!blob) throw noFile();
      await upload({
        chatId, name, blob, keepMetadata, id, signal: stop.signal,
        onBegun: (id) => (stop.signal.aborted ? removeUpload(id, send) : dispatch({ type: "uploadBegun", clientId, key, id })),
        onProgress: (sent) => {
          if (stop.signal.aborted) return;
          this.#sent.set(key, sent);
          this.#options.progress(new Map(this.#sent));
        },
      }, send);
      this.#active.delete(key);
      if (!stop.signal.aborted) dispatch({ type: "uploaded", clientId, key });
    } catch (err) {
      this.#active.delete(key);
      if (stop.signal.aborted) return;
      const failure = asFailure(err);
      if (failure.retryable) this.#pauses.set(key, Date.now() + (failure.retryAfterMs ?? pauseMs));
      else dispatch({ type: "uploadRefused", clientId, failure });
    } finally {
      this.#start();
    }
  }

  /** The file left the outbox: it was sent, or removed. */
  #forget(f: PendingFile): void {
    const { key, id } = f;
    const active = this.#active.get(key);
    active?.abort();
    if (id && !f.complete) removeUpload(id, this.#options.send);
    this.#active.delete(key);
    this.#pauses.delete(key);
    if (this.#sent.delete(key)) this.#options.progress(new Map(this.#sent));
  }
}
