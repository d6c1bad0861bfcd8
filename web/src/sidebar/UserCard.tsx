import { useEffect, useMemo, useState } from "react";
import { Dialog, Popover } from "react-aria-components";
import { navigate, paths } from "../app/route.ts";
import { useCore, useSnapshot } from "../app/useCore.ts";
import { userOf } from "../core/selectors.ts";
import type { User, UserId } from "../core/wire.ts";
import { t } from "../strings/index.ts";
import { Avatar } from "../ui/Avatar.tsx";
import { Button } from "../ui/Button.tsx";
import { createStore } from "../ui/store.ts";
import { attempt, toast } from "../ui/Toast.tsx";
import { PopoverBack } from "../ui/PopoverBack.tsx";
import { openDirectChat } from "./openChat.ts";

const { set: ask, useValue: useAsked } = createStore<{ id: UserId; at: HTMLElement } | undefined>(undefined);

/** A user's name; a press opens the card. All names share one card, to keep messages cheap. */
export function UserName({ user }: { user: User }) {
  // Takes no focus: that would show the message's toolbar, which covers the name on a phone.
  return <button type="button" className="user-name" tabIndex={-1} onMouseDown={(e) => e.preventDefault()} onClick={(e) => ask({ id: user.id, at: e.currentTarget })}><b dir="auto">{user.name}</b></button>;
}

/** The card of a user, with a button that opens the direct chat. */
export function UserCard() {
  const core = useCore();
  const open = useAsked();
  const user = useSnapshot((s) => (open ? userOf(s.state, open.id) : undefined));
  const online = useSnapshot((s) => !!open && s.state.online.has(open.id));
  const mine = useSnapshot((s) => s.state.me?.id === open?.id);
  const triggerRef = useMemo(() => ({ current: open?.at ?? null }), [open]);
  useEffect(() => () => ask(undefined), []); // closed for the next user who signs in
  if (!user) return null;
  const close = () => ask(undefined);
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
