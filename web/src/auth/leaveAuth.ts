import { navigate, paths, routeOf } from "../app/route.ts";
import type { ChatId } from "../core/wire.ts";

/** Removes the code from the address and goes to the chat; keeps the path if it is in that chat, or if there is no chat. */
export function leaveAuth(chatId?: ChatId): void {
  const to = routeOf(location.pathname);
  const there = !chatId || (to.at === "chat" && to.chatId === chatId);
  navigate(there ? location.pathname : paths.chat(chatId), { replace: true });
}
