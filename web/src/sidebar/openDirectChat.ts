import { navigate, paths } from "../app/route.ts";
import type { Core } from "../core/core.ts";
import { newId } from "../core/id.ts";
import type { UserId } from "../core/wire.ts";

/** Opens the direct chat with a user, and creates it if there is none. */
export async function openDirectChat(core: Core, user: UserId): Promise<void> {
  for (const c of core.store.snapshot.state.chats.values()) if (c.with === user) return navigate(paths.chat(c.id));
  navigate(paths.chat(await core.createChat({ clientId: newId(), kind: "direct", members: [user] })));
}
