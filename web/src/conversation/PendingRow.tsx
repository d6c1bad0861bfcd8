import { lazyPart } from "../app/lazyPart.tsx";
import { loadParts } from "../app/loadParts.ts";
import { useCore } from "../app/useCore.ts";
import type { Pending } from "../core/outbox.ts";
import { useSnapshot } from "../app/useCore.ts";
import { sentenceOf } from "../strings/failure.ts";
import { t } from "../strings/index.ts";
import { Avatar } from "../ui/Avatar.tsx";
import { Button } from "../ui/Button.tsx";
import { Time } from "../ui/Time.tsx";
import { MessageBody, QuotedMessage } from "./MessageRow.tsx";

const PendingFiles = lazyPart(async () => (await loadParts()).PendingFiles);

/** An unsent message. It becomes the message itself, in the same place. */
export function PendingRow({ pending: p, first, onEdit }: { pending: Pending; first: boolean; onEdit: (p: Pending) => void }) {
  const core = useCore();
  const me = useSnapshot((s) => s.state.me);
  const live = useSnapshot((s) => s.connection.state === "live");
  const note = p.state === "sent" || p.state === "failed" ? undefined : !live ? t.conversation.waiting : p.files?.some((f) => !f.complete) ? t.files.uploading : t.conversation.sending;
  return (
    <li className={first ? "message first" : "message"} data-pending={p.state}>
      <span className="message-gutter">{first && me ? <Avatar user={me} /> : null}</span>
      <div>
        {first && me && <p className="message-author"><b dir="auto">{me.name}</b><Time at={p.at} /></p>}
        {p.reply && <QuotedMessage quote={p.reply} jump={() => {}} />}
        {p.text && <MessageBody text={p.text} note={note} />}
        {p.files && <PendingFiles pending={p} files={p.files} />}
        {p.state === "failed" ? (
          <div className="row message-failed">
            <span className="error" role="alert">{t.conversation.failed(p.reason ? sentenceOf(p.reason) : "")}</span>
            <Button onPress={() => core.retry(p.clientId)}>{t.conversation.retry}</Button>
            <Button onPress={() => onEdit(p)}>{t.conversation.editFailed}</Button>
            <Button look="danger" onPress={() => core.discard(p.clientId)}>{t.conversation.discard}</Button>
          </div>
        ) : !p.text && note && <span className="message-note">{note}</span>}
      </div>
    </li>
  );
}
