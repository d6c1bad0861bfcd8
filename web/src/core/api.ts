// The HTTP API, in JSON, with the browser's cookie. docs/openapi.yaml has every call.
import { Failure, noAnswer } from "./failure.ts";
import type { ChatId, Entry, File, Message, Page, Problem, Role, Seq, User, UserId, HistoryWindow } from "./wire.ts";

export interface ServerInfo { name: string; version: string; api: 1; setup: boolean; registration: "invite" | "open" | "closed"; now: number }
export interface Session { id: string; label: string; client: string; address: string; createdAt: number; seenAt: number; expiresAt: number; current: boolean }
/** One use of a recovery link; without by, the link was made on the machine of the server. */
export interface RecoveryUse { at: number; by?: UserId; client: string; address: string }
export interface Invite { id: string; by: UserId; uses: number; createdAt: number; expiresAt: number; chatId?: ChatId }
/** lanUrl: the link for other devices, if url is localhost and the server can be reached from its network. */
export interface MadeInvite { invite: Invite; url: string; lanUrl?: string }
export interface InvitePreview { server: string; by: Pick<User, "id" | "handle" | "name">; valid: boolean; chat?: { id: ChatId; title: string; memberCount: number } }
export interface Member { userId: UserId; role: Role; readUpTo?: Seq }
export interface NewAccount { handle: string; name: string; password: string; invite?: string; setup?: string; serverName?: string }
export interface NewChat { clientId: string; kind: "group" | "direct"; open?: boolean; title?: string; topic?: string; members?: readonly string[] }

export type FileKind = "image" | "video" | "audio" | "other";
/** A file of a chat, with its message and author. */
export interface ChatFile { file: File; seq: Seq; by: UserId; at: number }

/** A message that was found; highlights are [start, length] in the snippet. */
export interface SearchHit { chatId: ChatId; message: Message; snippet: string; highlights: [number, number][] }
export interface SearchPage { hits: SearchHit[]; chats: Entry[]; users: User[]; byName: { chats: ChatId[]; users: UserId[] }; next?: string; indexedFrom?: number }

interface SignedIn { user: User; session: Session }
interface OneChat { chat: Entry; users: User[] }
type Query = Record<string, string | number | boolean | undefined>;

const timeoutMs = 30_000; // without any bytes; a slow response that keeps coming has no limit

export class Api {
  #fetch: typeof fetch;
  #user: UserId | undefined;
  #rejected: (f: Failure) => void;
  #ended = false;
  constructor(fetcher: typeof fetch = (input, init) => fetch(input, init), user?: UserId, rejected: (f: Failure) => void = () => {}) {
    this.#fetch = fetcher;
    this.#user = user;
    this.#rejected = rejected;
  }

  /** Returns the API for one user's calls: the server refuses them with another user's cookie, and rejected is called then. */
  forUser(user: UserId, rejected: (f: Failure) => void): Api {
    return new Api(this.#fetch, user, rejected);
  }

  /** Fails the calls under way and all later ones: their user is no longer signed in here. */
  close(): void {
    this.#ended = true;
  }

  server = () => this.#call<ServerInfo>("GET", "/server");
  renameServer = (name: string) => this.#call<ServerInfo>("PATCH", "/server", { name });

  signUp = (account: NewAccount) => this.#call<SignedIn>("POST", "/accounts", { ...account, cookie: true });
  signIn = (handle: string, password: string) => this.#call<SignedIn>("POST", "/sessions", { handle, password, cookie: true });
  signOut = () => this.#call<void>("DELETE", "/sessions/current");
  sessions = () => this.#call<{ sessions: Session[]; recoveries?: RecoveryUse[] }>("GET", "/sessions");
  endSession = (id: string, password: string) => this.#call<void>("DELETE", `/sessions/${id}`, { password });
  endOtherSessions = (password: string) => this.#call<void>("DELETE", "/sessions" + query({ except: "current" }), { password });

  me = () => this.#call<{ user: User }>("GET", "/me");
  changeMe = (change: { name?: string; status?: string; password?: string; currentPassword?: string }) => this.#call<{ user: User }>("PATCH", "/me", change);
  putMyPicture = (picture: Blob) => this.#call<{ user: User }>("PUT", "/me/picture", picture);
  removeMyPicture = () => this.#call<{ user: User }>("DELETE", "/me/picture");
  users = (q: { q?: string; limit?: number; after?: string }) => this.#call<{ users: User[]; next?: string }>("GET", "/users" + query(q));
  usersById = (ids: readonly UserId[]) => this.#call<{ users: User[] }>("GET", "/users" + query({ ids: ids.join(",") }));
  changeUser = (id: UserId, change: { role?: Role; active?: boolean }) => this.#call<{ user: User }>("PATCH", `/users/${id}`, change);
  createRecovery = (userId: UserId) => this.#call<{ url: string; expiresAt: number }>("POST", "/recoveries", { userId });
  useRecovery = (code: string, password: string) => this.#call<SignedIn>("POST", "/recoveries/use", { code, password, cookie: true });

  invites = () => this.#call<{ invites: Invite[]; users: User[] }>("GET", "/invites");
  invite = (wish: { chatId?: ChatId; uses?: number; expiresAt?: number }) => this.#call<MadeInvite>("POST", "/invites", wish);
  endInvite = (id: string) => this.#call<void>("DELETE", `/invites/${id}`);
  peek = (code: string) => this.#call<InvitePreview>("POST", "/invites/peek", { code });
  acceptInvite = (code: string) => this.#call<OneChat>("POST", "/invites/accept", { code });

  /** The users whom this user blocked. */
  blocks = () => this.#call<{ users: User[] }>("GET", "/blocks");
  block = (user: UserId) => this.#call<void>("PUT", `/blocks/${user}`);
  unblock = (user: UserId) => this.#call<void>("DELETE", `/blocks/${user}`);

  openChats = (q: { limit?: number; before?: string }) => this.#call<{ chats: Entry[]; users: User[]; next?: string }>("GET", "/chats" + query({ ...q, open: true }));
  chat = (id: ChatId) => this.#call<OneChat>("GET", `/chats/${id}`);
  createChat = (chat: NewChat) => this.#call<OneChat>("POST", "/chats", chat);
  changeChat = (id: ChatId, change: { title?: string; topic?: string; clientId?: string }) => this.#call<OneChat>("PATCH", `/chats/${id}`, change);
  putChatPicture = (id: ChatId, picture: Blob) => this.#call<OneChat>("PUT", `/chats/${id}/picture`, picture);
  removeChatPicture = (id: ChatId) => this.#call<OneChat>("DELETE", `/chats/${id}/picture`);
  deleteChat = (id: ChatId, clientId: string) => this.#call<void>("DELETE", `/chats/${id}`, { clientId });
  members = (id: ChatId, q: { limit?: number; after?: string }) => this.#call<{ members: Member[]; users: User[]; next?: string }>("GET", `/chats/${id}/members` + query(q));
  /** Adds a member or sets their role; "me" joins an open chat. */
  putMember = (id: ChatId, user: UserId, role?: Role) => this.#call<void>("PUT", `/chats/${id}/members/${user}`, { role });
  /** Removes a member; "me" leaves. */
  removeMember = (id: ChatId, user: UserId) => this.#call<void>("DELETE", `/chats/${id}/members/${user}`);
  files = (id: ChatId, q: { kind?: FileKind; before?: Seq; limit?: number }) => this.#call<{ files: ChatFile[]; users: User[]; more: boolean }>("GET", `/chats/${id}/files` + query(q));
  history = (id: ChatId, w: HistoryWindow) => this.#call<Page>("GET", `/chats/${id}/messages` + query({ ...w }));

  search = (q: { q: string; limit?: number; cursor?: string; tz?: string }, signal?: AbortSignal) => this.#call<SearchPage>("GET", "/search" + query(q), undefined, signal);

  /** @throws {Failure} with the server's code and field; "no_answer" if no response could be read. */
  async #call<T>(method: string, path: string, body?: object | Blob, signal?: AbortSignal): Promise<T> {
    let status: number, json: unknown;
    if (this.#ended) throw noAnswer();
    const stop = new AbortController();
    signal?.addEventListener("abort", () => stop.abort());
    const watch = () => setTimeout(() => stop.abort(), timeoutMs);
    let timer = watch();
    try {
      const response = await this.#fetch("/api" + path, {
        method,
        headers: { Accept: "application/json", ...(body && { "Content-Type": body instanceof Blob ? body.type : "application/json" }), ...(this.#user && { "Parley-User": this.#user }) },
        ...(body && { body: body instanceof Blob ? body : JSON.stringify(body) }),
        credentials: "same-origin",
        signal: stop.signal,
      });
      status = response.status;
      if (status !== 204) json = JSON.parse(await readText(response, () => {
        clearTimeout(timer);
        timer = watch();
      }));
    } catch {
      throw noAnswer();
    } finally {
      clearTimeout(timer);
    }
    if (this.#ended) throw noAnswer();
    if (status >= 200 && status < 300) return json as T;
    const problem = (json as { error?: Problem } | null)?.error;
    const failure = problem?.code ? new Failure(problem) : noAnswer();
    if (this.#user && failure.code === "no_identity") this.#rejected(failure);
    throw failure;
  }
}

/** Reads the whole body; onChunk is called for each chunk. */
async function readText(response: Response, onChunk: () => void): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  for (const reader = response.body?.getReader(); reader;) {
    const { done, value } = await reader.read();
    if (done) break;
    onChunk();
    text += decoder.decode(value, { stream: true });
  }
  return text + decoder.decode();
}

function query(q: Query): string {
  const given = Object.entries(q).filter(([, v]) => v !== undefined).map(([k, v]) => [k, String(v)]);
  return given.length ? `?${new URLSearchParams(given).toString()}` : "";
}
