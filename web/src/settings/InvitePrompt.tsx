import { useEffect, useState } from "react";
import { useCore } from "../app/useCore.ts";
import type { ChatId } from "../core/wire.ts";
import { t } from "../strings/index.ts";
import { Button } from "../ui/Button.tsx";
import { Icon } from "../ui/Icon.tsx";
import { InviteLink } from "./InviteLink.tsx";
import { closeInvitePrompt, keepInvitePrompt, useInvitePrompts } from "./invitePrompts.ts";

const m = t.settings;

/** Offers an invite above the composer when the user is alone in a chat, until the user closes it. */
export default function InvitePrompt({ chatId }: { chatId: ChatId }) {
  const core = useCore();
  const setting = `alone/${chatId}`;
  const [shown, setShown] = useState(false);
  const prompts = useInvitePrompts();
  useEffect(() => {
    core.storage?.settings().then((s) => setShown(!s.get(setting)), () => setShown(true));
  }, [core, setting]);
  useEffect(() => {
    if (shown) keepInvitePrompt(chatId);
  }, [shown, chatId]);
  if (!shown) return null;
  return (
    <section className="invite-prompt" aria-labelledby="alone">
      <header>
        <h2 id="alone">{m.inviteTeam}</h2>
        <Button look="plain icon" aria-label={m.notNow} onPress={() => { // dismissed for good
          void (core.storage?.saveSetting(setting, true) ?? Promise.resolve()).catch(() => {}).then(() => {
            setShown(false);
            closeInvitePrompt(chatId);
          });
        }}><Icon name="close" /></Button>
      </header>
      <p className="hint">{m.inviteTeamHint}</p>
      <InviteLink chatId={chatId} made={prompts.get(chatId)} onMade={(made) => keepInvitePrompt(chatId, made)} />
    </section>
  );
}
