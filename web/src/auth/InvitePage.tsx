import { useEffect, useState } from "react";
import { useCore, useSnapshot } from "../app/useCore.ts";
import type { InvitePreview } from "../core/api.ts";
import { asFailure, type Failure } from "../core/failure.ts";
import { sentenceOf } from "../strings/failure.ts";
import { t } from "../strings/index.ts";
import { Button } from "../ui/Button.tsx";
import { AuthForm, accountOf } from "./AuthForm.tsx";
import { AuthFrame } from "./AuthFrame.tsx";
import { leaveAuth } from "./leaveAuth.ts";
import { SignIn } from "./SignIn.tsx";

const d = t.auth;

/** The page of an invite: for a signed-in user, one with an account, or a new one. */
export function InvitePage({ code }: { code: string }) {
  const core = useCore();
  const me = useSnapshot((s) => (s.phase === "in" ? s.state.me : null));
  const [peek, setPeek] = useState<InvitePreview>();
  const [failure, setFailure] = useState<Failure>();
  const [known, setKnown] = useState(false);
  useEffect(() => {
    core.api.peek(code).then(setPeek, (err) => setFailure(asFailure(err)));
  }, [core, code]);

  const away = <Button onPress={() => leaveAuth()}>{me ? d.backToChats : d.signIn}</Button>;
  if (failure?.retryable) return <AuthFrame title={d.inviteFailed} why={sentenceOf(failure)}><Button onPress={() => location.reload()}>{d.retry}</Button></AuthFrame>;
  if (failure || (peek && !peek.valid)) return <AuthFrame title={d.inviteInvalid} why={d.inviteInvalidHint}>{away}</AuthFrame>;
  if (!peek) return <p className="centered" role="status">{d.loadingInvite}</p>;

  const title = d.invitedTo(peek.by.name, peek.chat ? peek.chat.title || d.aChat : peek.server);
  const why = peek.chat && d.memberCount(peek.chat.memberCount, peek.server);
  const accept = async () => leaveAuth(peek.chat && (await core.acceptInvite(code)));
  if (me) {
    return (
      <AuthFrame title={title} why={peek.chat ? why : d.alreadyMember(me.name)}>
        {peek.chat && <AuthForm ask={[]} button={d.joinAs(me.name)} send={accept} />}
        {away}
      </AuthFrame>
    );
  }
  if (known) return <AuthFrame title={title} why={d.signInToAccept}><SignIn then={accept} /></AuthFrame>;
  return (
    <AuthFrame title={title} why={why}>
      <AuthForm ask={["name", "handle", "newPassword"]} button={d.joinButton} send={async (s) => {
        await core.signUp({ ...accountOf(s), invite: code });
        leaveAuth(peek.chat?.id);
      }} />
      <Button look="plain" onPress={() => setKnown(true)}>{d.haveAccount}</Button>
    </AuthFrame>
  );
}
