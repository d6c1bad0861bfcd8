import { navigate, paths, routeOf } from "../app/route.ts";
import type { ChatId } from "../core/wire.ts";

/** Takes the code out of the address and goes on: to the chat, unless the address names a place in it, or without one to where the address points. */
export function leaveAuth(chatId?: ChatId): void {
  const to = routeOf(location.pathname);
  const there = !chatId || (to.at === "chat" && to.chatId === chatId);
  navigate(there ? location.pathname : paths.chat(chatId), { replace: true });
}
