import { useCore, useSnapshot } from "../app/useCore.ts";
import { pendingOf } from "../core/select.ts";
import type { ChatId } from "../core/wire.ts";
import { t } from "../strings/index.ts";
import { Button } from "../ui/Button.tsx";
import { copy } from "../ui/copy.ts";
import { Body } from "./Row.tsx";

/** What one wrote to a chat that one is no longer in. It is nowhere else than here, so it is not thrown away unasked. */
export function Unsent({ chatId }: { chatId: ChatId }) {
  const core = useCore();
  const all = useSnapshot((s) => s.pending);
  const notKept = useSnapshot((s) => s.notKept);
  const unsent = pendingOf(all, chatId).filter((p) => p.state !== "sent");
  if (!unsent.length) return null;
  return (
    <section className="unsent" aria-labelledby="unsent">
      <h2 id="unsent">{t.talk.unsent}</h2>
      <p className="hint">{t.talk.unsentWhy} {notKept && t.notices.notKept[notKept]}</p>
      <ul>
        {unsent.map((p) => (
          <li key={p.clientId}>
            <Body text={p.text} />
            <div className="row end">
              <Button onPress={() => copy(p.text)}>{t.talk.copyText}</Button>
              <Button look="danger" onPress={() => core.discard(p.clientId)}>{t.talk.discard}</Button>
            </div>
          </li>
        ))}
      </ul>
    </section>
  );
}
