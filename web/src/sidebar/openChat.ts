import { navigate, paths } from "../app/route.ts";
import { focusComposer } from "../composer/useTextField.ts";
import type { Core } from "../core/core.ts";
import { newId } from "../core/id.ts";
import type { ChatId, UserId } from "../core/wire.ts";
import { afterFocusReturns } from "../ui/afterFocusReturns.ts";

const composerMs = 5000; // in which the composer must be there to get the focus
let newest = 0;

/** Opens a chat and focuses its composer. A dialog that closes now would return the focus to the button that opened it. */
export function openChat(chatId: ChatId): void {
  navigate(paths.chat(chatId));
  const call = ++newest, until = performance.now() + composerMs;
  afterFocusReturns(function focus() {
    if (call !== newest || focusComposer(chatId) || performance.now() > until) return;
    requestAnimationFrame(focus); // a chat that was created now is rendered a little later
  });
}

/** Opens the direct chat with a user, and creates it if there is none. */
export async function openDirectChat(core: Core, user: UserId): Promise<void> {
  for (const c of core.store.snapshot.state.chats.values()) if (c.with === user) return openChat(c.id);
  openChat(await core.createChat({ clientId: newId(), kind: "direct", members: [user] }));
}
