import { useState } from "react";
import { useCore } from "../app/useCore.ts";
import type { Chat } from "../core/chatModel.ts";
import { newId } from "../core/id.ts";
import type { GroupMentions as Who } from "../core/wire.ts";
import { explain } from "../strings/failure.ts";
import { t } from "../strings/index.ts";
import { Button } from "../ui/Button.tsx";
import { Dialog } from "../ui/Dialog.tsx";

const choices: readonly Who[] = ["everyone", "admins"];

/** Sets who can name everybody in the group. */
export default function GroupMentions({ chat, onClose }: { chat: Chat; onClose: () => void }) {
  const core = useCore();
  const [who, setWho] = useState(chat.groupMentions);
  const [error, setError] = useState("");
  return (
    <Dialog title={t.conversation.groupMentions} isOpen onClose={onClose}>
      <form className="stack" onSubmit={(e) => {
        e.preventDefault();
        if (who) core.api.changeChat(chat.id, { groupMentions: who, clientId: newId() }).then(onClose, (err) => setError(explain(err).message));
      }}>
        <p className="hint">{t.conversation.groupMentionsHint}</p>
        <fieldset className="choices">
          <legend className="sr">{t.conversation.groupMentions}</legend>
          {choices.map((c) => <label key={c} className="row"><input type="radio" name="who" checked={who === c} onChange={() => setWho(c)} />{t.conversation.groupMentionsOf[c]}</label>)}
        </fieldset>
        {error && <p className="error" role="alert">{error}</p>}
        <div className="row end">
          <Button onPress={onClose}>{t.conversation.cancel}</Button>
          <Button type="submit" look="main">{t.conversation.save}</Button>
        </div>
      </form>
    </Dialog>
  );
}
