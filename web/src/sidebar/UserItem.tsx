import { useSnapshot } from "../app/useCore.ts";
import type { User } from "../core/wire.ts";
import { Avatar } from "../ui/Avatar.tsx";

/** A user in a list. */
export function UserItem({ user }: { user: User }) {
  const online = useSnapshot((s) => s.state.online.has(user.id));
  return <><Avatar user={user} online={online} size="small" /><b dir="auto">{user.name}</b><span className="hint">@{user.handle}</span></>;
}
