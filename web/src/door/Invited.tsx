import { useEffect, useState } from "react";
import { useCore, useSnapshot } from "../app/useCore.ts";
import type { Peek } from "../core/api.ts";
import { asFailure, type Failure } from "../core/failure.ts";
import { t } from "../strings/index.ts";
import { Button } from "../ui/Button.tsx";
import { account, Frame, leave, SignIn } from "./Door.tsx";
import { Entry } from "./Entry.tsx";

const d = t.door;

/** Somebody follows an invite: with an account, signed in, or as a newcomer. */
export function Invited({ code }: { code: string }) {
  const core = useCore();
  const me = useSnapshot((s) => (s.phase === "in" ? s.state.me : null));
  const [peek, setPeek] = useState<Peek>();
  const [failure, setFailure] = useState<Failure>();
  const [known, setKnown] = useState(false);
  useEffect(() => {
    core.api.peek(code).then(setPeek, (err) => setFailure(asFailure(err)));
  }, [core, code]);

  const away = <Button onPress={() => leave()}>{me ? d.toMyChats : d.signIn}</Button>;
  if (failure?.again) return <Frame title={d.inviteFailed} why={failure.message}><Button onPress={() => location.reload()}>{d.again}</Button></Frame>;
  if (failure || (peek && !peek.valid)) return <Frame title={d.inviteSpent} why={d.inviteSpentWhy}>{away}</Frame>;
  if (!peek) return <p className="whole" role="status">{d.looking}</p>;

  const title = d.invitesTo(peek.by.name, peek.chat ? peek.chat.title || d.aChat : peek.server);
  const why = peek.chat && d.peopleThere(peek.chat.memberCount, peek.server);
  const accept = async () => leave(peek.chat && (await core.acceptInvite(code)));
  if (me) {
    return (
      <Frame title={title} why={peek.chat ? why : d.hereAlready(me.name)}>
        {peek.chat && <Entry ask={[]} button={d.joinAs(me.name)} send={accept} />}
        {away}
      </Frame>
    );
  }
  if (known) return <Frame title={title} why={d.signInToAccept}><SignIn then={accept} /></Frame>;
  return (
    <Frame title={title} why={why}>
      <Entry ask={["name", "handle", "newPassword"]} button={d.joinButton} send={async (s) => {
        await core.signUp({ ...account(s), invite: code });
        leave(peek.chat?.id);
      }} />
      <Button look="plain" onPress={() => setKnown(true)}>{d.haveAccount}</Button>
    </Frame>
  );
}
