import { lazyPart } from "../app/lazyPart.tsx";
import { loadParts } from "../app/loadParts.ts";
import type { User } from "../core/wire.ts";
import { createStore } from "../ui/store.ts";
import type { AskedCard } from "./UserCard.tsx";

const { set: ask, useValue: useAsked } = createStore<AskedCard | undefined>(undefined);
const UserCard = lazyPart(async () => (await loadParts()).UserCard, "dialog");

/** A user's name; a press opens the card. All names share one card, to keep messages cheap. */
export function UserName({ user }: { user: User }) {
  // Takes no focus: that would show the message's toolbar, which covers the name on a phone.
  return <button type="button" className="user-name" tabIndex={-1} onMouseDown={(e) => e.preventDefault()} onClick={(e) => ask({ id: user.id, at: e.currentTarget })}><b dir="auto">{user.name}</b></button>;
}

const close = () => ask(undefined);

/** The card of the user whose name was pressed. */
export function OpenUserCard() {
  const asked = useAsked();
  return asked && <UserCard asked={asked} onClose={close} />;
}
