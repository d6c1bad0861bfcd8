// The ways in: the owner's link, an invite, a recovery link, and signing in.
import { type ReactNode, useEffect, useState } from "react";
import { navigate, paths, routeOf, type Secret } from "../app/route.ts";
import { useCore, useSnapshot } from "../app/useCore.ts";
import type { ServerInfo } from "../core/api.ts";
import { asFailure, type Failure } from "../core/failure.ts";
import type { ChatId } from "../core/wire.ts";
import { t } from "../strings/index.ts";
import { Button } from "../ui/Button.tsx";
import { Entry, type Said } from "./Entry.tsx";
import { Invited } from "./Invited.tsx";
import "./door.css";

const d = t.door;

/** Takes the code out of the address and goes on: to the chat, unless the address names a place in it, or without one to where the address points. */
export function leave(chatId?: ChatId): void {
  const to = routeOf(location.pathname);
  const there = !chatId || (to.at === "chat" && to.chatId === chatId);
  navigate(there ? location.pathname : paths.chat(chatId), { replace: true });
}

export const account = (s: Said) => ({ name: s.name, handle: s.handle, password: s.newPassword });

export function Door({ secret }: { secret?: Secret }) {
  const core = useCore();
  const signedIn = useSnapshot((s) => s.phase) === "in";
  const [server, setServer] = useState<ServerInfo>();
  const [failure, setFailure] = useState<Failure>();
  const [making, setMaking] = useState(false);
  useEffect(() => {
    core.api.server().then(setServer, (err) => setFailure(asFailure(err)));
  }, [core]);

  if (secret?.kind === "invite") return <Invited key={secret.code} code={secret.code} />;
  if (failure) return <Frame title={d.serverFailed} why={failure.message}><Button onPress={() => location.reload()}>{d.again}</Button></Frame>;
  if (!server) return <p className="whole" role="status">{t.app.starting}</p>;

  if (secret?.kind === "recover") {
    return (
      <Frame title={d.recover} why={d.recoverWhy}>
        <Entry ask={["newPassword"]} button={d.setPassword} send={async (s) => { await core.useRecovery(secret.code, s.newPassword); leave(); }} />
        <Button look="plain" onPress={() => leave()}>{signedIn ? d.toMyChats : d.signIn}</Button>
      </Frame>
    );
  }
  if (secret?.kind === "setup" && server.setup) {
    return (
      <Frame title={d.setUp} why={d.setUpWhy}>
        <Entry ask={["serverName", "name", "handle", "newPassword"]} given={{ serverName: server.name }} button={d.start} send={async (s) => {
          await core.signUp({ ...account(s), setup: secret.code, serverName: s.serverName });
          const general = await core.api.openChats({ limit: 1 }).then(({ chats }) => chats[0]?.id, () => undefined);
          leave(general);
        }} />
      </Frame>
    );
  }
  if (signedIn) return <Frame title={d.setupUsed} why={d.hasOwner}><Button look="main" onPress={() => leave()}>{d.toMyChats}</Button></Frame>;
  if (making) {
    return (
      <Frame title={d.join(server.name)}>
        <Entry ask={["name", "handle", "newPassword"]} button={d.makeMyAccount} send={(s) => core.signUp(account(s))} />
        <Button look="plain" onPress={() => setMaking(false)}>{d.haveAccount}</Button>
      </Frame>
    );
  }
  return (
    <Frame title={secret ? d.setupUsed : d.signInTo(server.name)} why={secret && d.hasOwner}>
      <SignIn then={() => leave()} />
      {server.registration === "open" ? <Button look="plain" onPress={() => setMaking(true)}>{d.makeAccount}</Button> : <p className="hint">{server.setup ? d.noOwner : server.registration === "closed" ? d.closed : d.noAccount}</p>}
    </Frame>
  );
}

export function SignIn({ then }: { then(): void | Promise<void> }) {
  const core = useCore();
  return <Entry ask={["handle", "password"]} button={d.signIn} send={async (s) => { await core.signIn(s.handle, s.password); await then(); }} />;
}

export function Frame({ title, why, children }: { title: string; why?: string; children: ReactNode }) {
  useEffect(() => void (document.title = title), [title]);
  return (
    <main className="door">
      <div>
        <h1>{title}</h1>
        {why && <p>{why}</p>}
        {children}
      </div>
    </main>
  );
}
