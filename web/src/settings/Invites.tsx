import { type ReactNode, useState } from "react";
import type { Invite } from "../core/api.ts";
import { t } from "../strings/index.ts";
import { Button } from "../ui/Button.tsx";
import InviteDialog from "./InviteDialog.tsx";
import { InviteList } from "./InviteList.tsx";

const m = t.settings;

/** The open invites, newest first: the user's own, for admins all. */
export function Invites({ title, which, children }: { title: string; which?: (i: Invite) => boolean; children?: ReactNode }) {
  const [making, setMaking] = useState(false);
  return (
    <InviteList key={String(making)} title={title} which={which} none={m.noInvites}>
      {children}
      <Button onPress={() => setMaking(true)}>{m.newInvite}</Button>
      {making && <InviteDialog title={m.server} onClose={() => setMaking(false)} />}
    </InviteList>
  );
}
