import { useCore, useSnapshot } from "../app/useCore.ts";
import { pendingOf } from "../core/selectors.ts";
import type { ChatId } from "../core/wire.ts";
import { t } from "../strings/index.ts";
import { Button } from "../ui/Button.tsx";
import { copy } from "../ui/copy.ts";
import { MessageBody } from "./MessageRow.tsx";

/** Unsent messages of a chat that the user is no longer in. They are shown nowhere else, so only the user discards them. */
export function UnsentMessages({ chatId }: { chatId: ChatId }) {
  const core = useCore();
  const pending = useSnapshot((s) => s.pending);
  const storageProblem = useSnapshot((s) => s.storageProblem);
  const unsent = pendingOf(pending, chatId).filter((p) => p.state !== "sent");
  if (!unsent.length) return null;
  return (
    <section className="unsent-messages" aria-labelledby="unsent">
      <h2 id="unsent">{t.conversation.unsent}</h2>
      <p className="hint">{t.conversation.unsentHint} {storageProblem && t.notifications.notSaved[storageProblem]}</p>
      <ul>
        {unsent.map((p) => (
          <li key={p.clientId}>
            {p.text && <MessageBody text={p.text} />}
            {p.files && <p className="hint">{p.files.map((f) => f.name).join(", ")}</p>}
            <div className="row end">
              {p.text && <Button onPress={() => copy(p.text)}>{t.conversation.copyText}</Button>}
              <Button look="danger" onPress={() => core.discard(p.clientId)}>{t.conversation.discard}</Button>
            </div>
          </li>
        ))}
      </ul>
    </section>
  );
}
