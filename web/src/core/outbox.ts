// The messages that are written and not yet known to be in their chat: a pure state machine.
// outboxSender.ts drives it.
import type { Failure } from "./failure.ts";
import type { ChatId, FileId, Quote, Seq } from "./wire.ts";

/** A file of a message that is not yet in its chat. The store has its bytes, under its key. */
export interface PendingFile {
  readonly key: string;
  readonly name: string;
  readonly type: string;
  readonly size: number;
  /** In pixels, of a picture that the browser can show. */
  readonly width?: number;
  readonly height?: number;
  /** Describes it for people who cannot see it. */
  readonly alt?: string;
  /** The server stores the bytes as they are. */
  readonly keepMetadata?: boolean;
  /** The upload, once the server has begun one. */
  readonly id?: FileId;
  /** The server has all bytes. */
  readonly complete?: boolean;
}

/** A message that is not yet in its chat. Its clientId never changes, which makes sending idempotent. */
export interface Pending {
  readonly clientId: string;
  readonly chatId: ChatId;
  readonly text: string;
  readonly reply?: Quote;
  readonly files?: readonly PendingFile[];
  /** No push tells of it. */
  readonly silent?: boolean;
  /** When it was written, in local ms; messages of a chat are sent in this order. */
  readonly at: number;
  /** The tab that sends it. */
  readonly tab: string;
  /** sent: acknowledged, its event has not come. failed: refused, and not retryable. */
  readonly state: "waiting" | "sending" | "sent" | "failed";
  readonly seq?: Seq;
  readonly reason?: { readonly code: string; readonly message: string; readonly field?: string };
}

export interface Outbox {
  readonly pending: readonly Pending[];
  /** The connection is live. */
  readonly live: boolean;
  /** Nothing is sent before this time; 0 if nothing waits for it. */
  readonly notBefore: number;
  /** The same for single chats. */
  readonly pauses: ReadonlyMap<ChatId, number>;
}

export type OutboxAction =
  | { type: "written"; pending: Pending }
  /** Messages of a closed page were adopted. */
  | { type: "found"; pending: readonly Pending[] }
  | { type: "live"; live: boolean }
  | { type: "sending"; clientId: string }
  | { type: "uploadBegun"; clientId: string; key: string; id: FileId }
  | { type: "uploaded"; clientId: string; key: string }
  | { type: "uploadRefused"; clientId: string; failure: Failure }
  | { type: "fileRemoved"; clientId: string; key: string }
  | { type: "accepted"; clientId: string; seq: Seq }
  | { type: "refused"; clientId: string; failure: Failure; at: number }
  /** The message's own event came, whichever page sent it. */
  | { type: "arrived"; clientId: string }
  /** Returns a chat's last applied event; undefined if the chat is gone. */
  | { type: "seen"; seen: (id: ChatId) => Seq | undefined }
  | { type: "retried"; clientId: string; at: number }
  | { type: "discarded"; clientId: string };

export const emptyOutbox: Outbox = { pending: [], live: false, notBefore: 0, pauses: new Map() };

const pauseMs = 2000; // before a retry without retryAfterMs

export function reduceOutbox(b: Outbox, i: OutboxAction): Outbox {
  const now = applyAction(b, i);
  return now.notBefore && !now.pending.some(isUndelivered) ? { ...now, notBefore: 0 } : now;
}

/** Reports whether a message is neither acknowledged nor refused. */
export const isUndelivered = (p: Pending): boolean => p.state === "waiting" || p.state === "sending";

function applyAction(b: Outbox, i: OutboxAction): Outbox {
  switch (i.type) {
    case "written":
      return { ...b, pending: [...b.pending, i.pending] };
    case "found": {
      const known = new Set(b.pending.map((p) => p.clientId));
      const fresh = i.pending.filter((p) => !known.has(p.clientId));
      return fresh.length ? { ...b, pending: [...b.pending, ...fresh].sort(byTime) } : b;
    }
    case "live": {
      const pending = i.live ? b.pending : b.pending.map((p) => (p.state === "sending" ? { ...p, state: "waiting" as const } : p));
      return { ...b, pending, live: i.live };
    }
    case "sending":
      return updated(b, i.clientId, (p) => ({ ...p, state: "sending" }));
    case "uploadBegun":
      return fileUpdated(b, i.clientId, i.key, (f) => ({ ...f, id: i.id, complete: undefined }));
    case "uploaded":
      return fileUpdated(b, i.clientId, i.key, (f) => ({ ...f, complete: true }));
    case "uploadRefused":
      return updated(b, i.clientId, (p) => (p.state === "waiting" ? { ...p, state: "failed", reason: reasonOf(i.failure) } : p));
    case "fileRemoved":
      return fileRemoved(b, i.clientId, i.key);
    case "accepted":
      return updated(b, i.clientId, ({ reason: _, ...p }) => ({ ...p, state: "sent", seq: i.seq }));
    case "refused":
      return refused(b, i.clientId, i.failure, i.at);
    case "arrived":
    case "discarded":
      return without(b, (p) => p.clientId === i.clientId);
    case "seen":
      return without(b, (p) => p.state === "sent" && (p.seq ?? 0) <= (i.seen(p.chatId) ?? Infinity));
    case "retried": {
      const now = updated(b, i.clientId, ({ reason, ...p }) => ({ ...p, ...(reason?.field === "files" && { files: p.files?.map(notUploaded) }), state: "waiting", at: i.at }));
      return now === b ? b : { ...now, pending: [...now.pending].sort(byTime) };
    }
  }
}

/** Returns the messages to send now: the first undelivered one of each chat, unless it is being sent. */
export function due(b: Outbox, at: number): Pending[] {
  return b.live && at >= b.notBefore ? firstOfEachChat(b).filter((p) => isReady(p) && at >= (b.pauses.get(p.chatId) ?? 0)) : [];
}

/** Returns when to call due again; undefined if time alone makes nothing due. */
export function nextDueAt(b: Outbox): number | undefined {
  const waiting = firstOfEachChat(b).filter(isReady);
  return b.live && waiting.length ? Math.max(b.notBefore, Math.min(...waiting.map((p) => b.pauses.get(p.chatId) ?? 0))) : undefined;
}

/** A message with files waits for its uploads, and the later ones of its chat wait for it. */
const isReady = (p: Pending): boolean => p.state === "waiting" && !p.files?.some((f) => !f.complete);

function firstOfEachChat(b: Outbox): Pending[] {
  const first = new Map<ChatId, Pending>();
  for (const p of b.pending) if (isUndelivered(p) && !first.has(p.chatId)) first.set(p.chatId, p);
  return [...first.values()];
}

function refused(b: Outbox, clientId: string, f: Failure, at: number): Outbox {
  const p = b.pending.find((p) => p.clientId === clientId);
  if (p?.state !== "sending") return b; // its event came first, or the connection broke
  // An ended session is no refusal: the message waits for the next session.
  if (!f.retryable && f.code !== "no_identity") return updated(b, clientId, (p) => ({ ...p, state: "failed", reason: reasonOf(f) }));
  const now = updated(b, clientId, (p) => ({ ...p, state: "waiting" }));
  const until = at + (f.retryAfterMs ?? pauseMs);
  if (f.code === "rate_limited") return { ...now, notBefore: Math.max(until, b.notBefore) };
  return { ...now, pauses: new Map(b.pauses).set(p.chatId, until) };
}

function updated(b: Outbox, clientId: string, change: (p: Pending) => Pending): Outbox {
  return b.pending.some((p) => p.clientId === clientId) ? { ...b, pending: b.pending.map((p) => (p.clientId === clientId ? change(p) : p)) } : b;
}

function fileUpdated(b: Outbox, clientId: string, key: string, change: (f: PendingFile) => PendingFile): Outbox {
  return updated(b, clientId, (p) => ({ ...p, files: p.files?.map((f) => (f.key === key ? change(f) : f)) }));
}

/** Removes a file of a message that is not being sent; a message without a text goes with its last file. */
function fileRemoved(b: Outbox, clientId: string, key: string): Outbox {
  const p = b.pending.find((p) => p.clientId === clientId);
  if (!p?.files || (p.state !== "waiting" && p.state !== "failed")) return b;
  const files = p.files.filter((f) => f.key !== key);
  if (!files.length && !p.text) return without(b, (q) => q === p);
  return updated(b, clientId, (p) => ({ ...p, files: files.length ? files : undefined }));
}

/** The server no longer has the upload: it expired. */
const notUploaded = ({ id: _, complete: __, ...f }: PendingFile): PendingFile => f;

const reasonOf = ({ code, message, field }: Failure) => ({ code, message, ...(field && { field }) });

function without(b: Outbox, gone: (p: Pending) => boolean): Outbox {
  return b.pending.some(gone) ? { ...b, pending: b.pending.filter((p) => !gone(p)) } : b;
}

const byTime = (a: Pending, b: Pending) => a.at - b.at || (a.clientId < b.clientId ? -1 : 1);
