// Setup by the owner's link, invites, recovery links, sign-in and sign-up.
import { useEffect, useState } from "react";
import type { LinkSecret } from "../app/route.ts";
import { useCore, useSnapshot } from "../app/useCore.ts";
import type { ServerInfo } from "../core/api.ts";
import { asFailure, type Failure } from "../core/failure.ts";
import { sentenceOf } from "../strings/failure.ts";
import { t } from "../strings/index.ts";
import { Button } from "../ui/Button.tsx";
import { AuthForm, accountOf } from "./AuthForm.tsx";
import { AuthFrame } from "./AuthFrame.tsx";
import { InvitePage } from "./InvitePage.tsx";
import { leaveAuth } from "./leaveAuth.ts";
import { SignIn } from "./SignIn.tsx";

const d = t.auth;

export function AuthPage({ secret }: { secret?: LinkSecret }) {
  const core = useCore();
  const signedIn = useSnapshot((s) => s.phase) === "in";
  const [server, setServer] = useState<ServerInfo>();
  const [failure, setFailure] = useState<Failure>();
  const [making, setMaking] = useState(false);
  useEffect(() => {
    core.api.server().then(setServer, (err) => setFailure(asFailure(err)));
  }, [core]);

  if (secret?.kind === "invite") return <InvitePage key={secret.code} code={secret.code} />;
  if (failure) return <AuthFrame title={d.serverFailed} why={sentenceOf(failure)}><Button onPress={() => location.reload()}>{d.retry}</Button></AuthFrame>;
  if (!server) return <p className="centered" role="status">{t.app.loading}</p>;

  if (secret?.kind === "recover") {
    return (
      <AuthFrame title={d.recover} why={d.recoverHint}>
        <AuthForm ask={["newPassword"]} button={d.setPassword} send={async (s) => { await core.useRecovery(secret.code, s.newPassword); leaveAuth(); }} />
        <Button look="plain" onPress={() => leaveAuth()}>{signedIn ? d.backToChats : d.signIn}</Button>
      </AuthFrame>
    );
  }
  if (secret?.kind === "setup" && server.setup) {
    return (
      <AuthFrame title={d.setUp} why={d.setUpHint}>
        <AuthForm ask={["serverName", "name", "handle", "newPassword"]} given={{ serverName: server.name }} button={d.start} send={async (s) => {
          await core.signUp({ ...accountOf(s), setup: secret.code, serverName: s.serverName });
          const general = await core.api.openChats({ limit: 1 }).then(({ chats }) => chats[0]?.id, () => undefined);
          leaveAuth(general);
        }} />
      </AuthFrame>
    );
  }
  if (signedIn) return <AuthFrame title={d.setupUsed} why={d.setupUsedHint}><Button look="main" onPress={() => leaveAuth()}>{d.backToChats}</Button></AuthFrame>;
  if (making) {
    return (
      <AuthFrame title={d.join(server.name)}>
        <AuthForm ask={["name", "handle", "newPassword"]} button={d.submitAccount} send={(s) => core.signUp(accountOf(s))} />
        <Button look="plain" onPress={() => setMaking(false)}>{d.haveAccount}</Button>
      </AuthFrame>
    );
  }
  return (
    <AuthFrame title={secret ? d.setupUsed : d.signInTo(server.name)} why={secret && d.setupUsedHint}>
      <SignIn then={() => leaveAuth()} />
      {server.registration === "open" ? <Button look="plain" onPress={() => setMaking(true)}>{d.createAccount}</Button> : <p className="hint">{server.setup ? d.notSetUp : server.registration === "closed" ? d.closed : d.noAccount}</p>}
    </AuthFrame>
  );
}
