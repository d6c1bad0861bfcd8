// Routing by the address, so that links, reload and Back work.
import { type MouseEvent, useSyncExternalStore } from "react";
import type { ChatId, Seq } from "../core/wire.ts";
import { takeEntry, whenRemoved } from "../ui/backCloses.ts";

export type Route =
  | { readonly at: "home" }
  | { readonly at: "chat"; readonly chatId: ChatId; readonly seq?: Seq; readonly thread?: Seq }
  | { readonly at: "mentions" }
  | { readonly at: "search"; readonly q: string }
  | { readonly at: "me" }
  | { readonly at: "server" }
  | { readonly at: "nowhere" };

export const paths = {
  home: "/",
  me: "/me",
  server: "/server",
  mentions: "/mentions",
  search: (q = "") => "/search" + (q && `?q=${encodeURIComponent(q)}`),
  /** thread: the first message of the thread that is shown beside the log. */
  chat: (id: ChatId, seq?: Seq, thread?: Seq) => `/c/${id}` + (seq ? `/${seq}` : "") + (thread ? `?thread=${thread}` : ""),
};

export function routeOf(path: string, search = ""): Route {
  path = path.replace(/(?<=.)\/$/, "");
  const chat = /^\/c\/([\w-]+)(?:\/(\d{1,15}))?$/.exec(path);
  if (chat) {
    const thread = /^[1-9]\d{0,14}$/.exec(new URLSearchParams(search).get("thread") ?? "")?.[0];
    return { at: "chat", chatId: chat[1]!, ...(chat[2] && { seq: Number(chat[2]) }), ...(thread && { thread: Number(thread) }) };
  }
  if (path === paths.mentions) return { at: "mentions" };
  if (path === paths.search()) return { at: "search", q: new URLSearchParams(search).get("q") ?? "" };
  if (path === paths.me) return { at: "me" };
  if (path === paths.server) return { at: "server" };
  return { at: path === paths.home || path === "/c" || path === "/index.html" ? "home" : "nowhere" };
}

/** Returns the path, the query and the hash of a link that leads to this page; undefined: elsewhere. */
export function ownPath(href: string): string | undefined {
  if (!href.startsWith(location.origin + "/")) return undefined;
  const url = new URL(href);
  const { at } = routeOf(url.pathname);
  return at === "nowhere" || (url.search && at !== "search" && at !== "chat") ? undefined : url.pathname + url.search + url.hash;
}

/** The code in a link's hash: of the owner's setup, an invite or a recovery. */
export interface LinkSecret { readonly kind: "setup" | "invite" | "recover"; readonly code: string }

export function secretOf(hash: string): LinkSecret | undefined {
  const m = /^#(setup|invite|recover)=([\w-]+)$/.exec(hash);
  return m ? { kind: m[1] as LinkSecret["kind"], code: m[2]! } : undefined;
}

const listeners = new Set<() => void>();
const notify = () => listeners.forEach((l) => l());
addEventListener("popstate", notify);
addEventListener("hashchange", notify);
const subscribe = (l: () => void) => (listeners.add(l), () => listeners.delete(l));

export function navigate(path: string, how: { replace?: boolean } = {}): void {
  if (path === location.pathname + location.search + location.hash) return;
  whenRemoved(() => {
    history[takeEntry() || how.replace ? "replaceState" : "pushState"](null, "", path);
    notify();
  });
}

/** Follows a link of the page, and reports whether it did: not if a modifier key asks the browser for a new tab or window. */
export function follow(e: MouseEvent, path: string): boolean {
  if (e.ctrlKey || e.metaKey || e.shiftKey || e.altKey) return false;
  e.preventDefault();
  navigate(path);
  return true;
}

let last: { path: string; route: Route } | undefined;
function current(): Route {
  const path = location.pathname + location.search;
  if (last?.path !== path) last = { path, route: routeOf(location.pathname, location.search) };
  return last.route;
}

/** Reports whether the chat is the one in view. */
export function isOpenChat(id: ChatId): boolean {
  const route = current();
  return route.at === "chat" && route.chatId === id;
}

/** Returns the thread that the address names beside the log. */
export function threadOfAddress(): Seq | undefined {
  const route = current();
  return route.at === "chat" ? route.thread : undefined;
}

export const useRoute = (): Route => useSyncExternalStore(subscribe, current);
/** Returns the hash. A code stays in the address until it is used, so that a reload does not lose it. */
export const useHash = (): string => useSyncExternalStore(subscribe, () => location.hash);
