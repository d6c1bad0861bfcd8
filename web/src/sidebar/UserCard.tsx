import { useEffect, useMemo, useState } from "react";
import { Dialog, Popover } from "react-aria-components";
import { navigate, paths } from "../app/route.ts";
import { useCore, useSnapshot } from "../app/useCore.ts";
import { userOf } from "../core/selectors.ts";
import type { User, UserId } from "../core/wire.ts";
import { t } from "../strings/index.ts";
import { Avatar } from "../ui/Avatar.tsx";
import { Button } from "../ui/Button.tsx";
import { attempt, toast } from "../ui/Toast.tsx";
import { PopoverBack } from "../ui/PopoverBack.tsx";
import { openDirectChat } from "./openChat.ts";

/** Whose card is open, and beside what. */
export interface AskedCard { readonly id: UserId; readonly at: HTMLElement }

/** The card of a user, with a button that opens the direct chat. */
export default function UserCard({ asked, onClose: close }: { asked: AskedCard; onClose: () => void }) {
  const core = useCore();
  const user = useSnapshot((s) => userOf(s.state, asked.id));
  const online = useSnapshot((s) => s.state.online.has(asked.id));
  const mine = useSnapshot((s) => s.state.me?.id === asked.id);
  const triggerRef = useMemo(() => ({ current: asked.at }), [asked]);
  useEffect(() => close, [close]); // closed for the next user who signs in
  return (
    <Popover className="popover" isOpen triggerRef={triggerRef} placement="bottom start" onOpenChange={(on) => on || close()}>
      <PopoverBack onClose={close} />
      <Dialog className="user-card" aria-label={user.name}>
        <Avatar user={user} online={online} />
        <p className="user-card-names">
          <b dir="auto">{user.name}</b>
          <span className="hint">@{user.handle}{online && ` · ${t.sidebar.online}`}{!user.active && ` · ${t.settings.disabled}`}</span>
          {user.status && <span dir="auto">{user.status}</span>}
        </p>
        <Button look="main" autoFocus onPress={() => {
          close();
          if (mine) navigate(paths.me);
          else attempt(() => openDirectChat(core, user.id));
        }}>{mine ? t.sidebar.editProfile : t.sidebar.message}</Button>
        {!mine && <BlockButton key={user.id} user={user} onDone={close} />}
      </Dialog>
    </Popover>
  );
}

/** Blocks the user, or unblocks them. It does nothing until the server said which of the two. */
function BlockButton({ user, onDone }: { user: User; onDone: () => void }) {
  const core = useCore();
  const [blocked, setBlocked] = useState<boolean>();
  useEffect(() => {
    let current = true;
    core.api.blocks().then(({ users }) => current && setBlocked(users.some((u) => u.id === user.id)), () => {});
    return () => void (current = false);
  }, [core, user.id]);
  return (
    <Button look="plain" isDisabled={blocked === undefined} onPress={() => attempt(async () => {
      await (blocked ? core.api.unblock(user.id) : core.api.block(user.id));
      toast(blocked ? t.sidebar.unblocked(user.name) : t.sidebar.blocked(user.name));
      onDone();
    })}>{blocked ? t.sidebar.unblock : t.sidebar.block}</Button>
  );
}
