// Sends one file in pieces, by tus 1.0.0 (https://tus.io/protocols/resumable-upload).
import { Failure, noAnswer } from "./failure.ts";
import type { ChatId, FileId, Problem } from "./wire.ts";

export interface UploadRequest {
  readonly method: "POST" | "HEAD" | "PATCH" | "DELETE";
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Blob;
  readonly signal?: AbortSignal;
  /** Called with the number of bytes of the body that were sent. */
  readonly onProgress?: (sent: number) => void;
}
/** status 0: there was no response. */
export interface UploadResponse { readonly status: number; readonly text: string; header: (name: string) => string | null }
export type UploadTransport = (r: UploadRequest) => Promise<UploadResponse>;

export interface Upload {
  readonly chatId: ChatId;
  readonly name: string;
  readonly blob: Blob;
  readonly keepMetadata: boolean;
  /** The upload to continue. */
  readonly id: FileId | undefined;
  readonly signal: AbortSignal;
  readonly onBegun: (id: FileId) => void;
  /** Called with the number of bytes of the file that were sent. */
  readonly onProgress: (sent: number) => void;
}

const path = "/api/uploads";
const pieceSize = 4 << 20; // passes most proxies
const silenceMs = 60_000; // without progress

/** Uploads the file, or the rest of it; resolves when the server has stored all. @throws {Failure} */
export async function upload(u: Upload, send: UploadTransport): Promise<void> {
  let { id } = u;
  let offset = id === undefined ? undefined : await storedBytes(id, u, send);
  if (id === undefined || offset === undefined) {
    const metadata = Object.entries({ chatId: u.chatId, filename: u.name, ...(u.keepMetadata && { keepMetadata: "true" }) });
    const response = await answered(send({
      method: "POST", path, signal: u.signal,
      headers: { "Upload-Length": String(u.blob.size), "Upload-Metadata": metadata.map(([k, v]) => `${k} ${base64(v)}`).join(",") },
    }));
    id = response.header("Location")?.split("/").at(-1);
    if (!id) throw noAnswer();
    u.onBegun(id);
    offset = 0;
  }
  u.onProgress(offset);
  while (offset < u.blob.size) {
    const from: number = offset;
    const response = await answered(send({
      method: "PATCH", path: `${path}/${id}`, signal: u.signal,
      headers: { "Upload-Offset": String(from), "Content-Type": "application/offset+octet-stream" },
      body: u.blob.slice(from, from + pieceSize),
      onProgress: (sent) => u.onProgress(from + sent),
    }), "not_found"); // it expired
    offset = Number(response.header("Upload-Offset"));
    if (!(offset > from)) throw noAnswer(); // not a response of Parley
    u.onProgress(offset);
  }
}

/** Ends an upload that no message will have. What cannot be removed now expires. */
export function removeUpload(id: FileId, send: UploadTransport): void {
  send({ method: "DELETE", path: `${path}/${id}`, headers: {} }).catch(() => {});
}

/** Returns how many bytes the server has; undefined if it does not know the upload. */
async function storedBytes(id: FileId, { signal, blob }: Upload, send: UploadTransport): Promise<number | undefined> {
  const response = await send({ method: "HEAD", path: `${path}/${id}`, headers: {}, signal });
  if (response.status === 404) return undefined;
  const { header } = await answered(Promise.resolve(response));
  const offset = Number(header("Upload-Offset") ?? NaN);
  if (!(offset >= 0 && offset <= blob.size)) throw noAnswer();
  return offset;
}

/** @throws {Failure} unless the request was done. With another offset, or the code `again`, the next try asks for the offset. */
async function answered(sent: Promise<UploadResponse>, again?: string): Promise<UploadResponse> {
  const response = await sent;
  if (response.status >= 200 && response.status < 300) return response;
  let problem: Problem | undefined;
  try {
    problem = (JSON.parse(response.text) as { error?: Problem }).error;
  } catch {
    // The response to HEAD has no body, and a proxy's is no JSON.
  }
  if (!problem?.code || problem.field === "Upload-Offset" || problem.code === "no_identity" || problem.code === again) throw noAnswer();
  throw new Failure(problem);
}

function base64(text: string): string {
  return btoa(String.fromCharCode(...new TextEncoder().encode(text)));
}

/** Returns a transport for one user's requests; fetch does not report the progress of a request's body. */
export const xhrTransport = (user: string): UploadTransport => ({ method, path, headers, body, signal, onProgress }) => new Promise((ok) => {
  const xhr = new XMLHttpRequest();
  let timer: ReturnType<typeof setTimeout>;
  const watch = () => {
    clearTimeout(timer);
    timer = setTimeout(() => xhr.abort(), silenceMs);
  };
  const abort = () => xhr.abort();
  xhr.open(method, path);
  for (const [name, value] of Object.entries({ ...headers, Accept: "application/json", "Tus-Resumable": "1.0.0", "Parley-User": user })) xhr.setRequestHeader(name, value);
  xhr.upload.onprogress = (e) => {
    watch();
    onProgress?.(e.loaded);
  };
  xhr.onloadend = () => { // also after an error
    clearTimeout(timer);
    signal?.removeEventListener("abort", abort);
    ok({ status: xhr.status, text: xhr.responseText, header: (name) => xhr.getResponseHeader(name) });
  };
  if (signal?.aborted) return ok({ status: 0, text: "", header: () => null });
  signal?.addEventListener("abort", abort);
  watch();
  xhr.send(body ?? null);
});
