import { memo, useMemo } from "react";
import { useCore, useSnapshot } from "../app/useCore.ts";
import type { LoadedMessage } from "../core/message.ts";
import { userOf } from "../core/selectors.ts";
import { hasStackedMarks, isFewEmoji } from "../core/text.ts";
import type { Quote, Seq, User, UserId } from "../core/wire.ts";
import { UserName } from "../sidebar/UserName.tsx";
import { t } from "../strings/index.ts";
import { Avatar } from "../ui/Avatar.tsx";
import { messagePreview, quotePreview } from "../strings/preview.ts";
import { isCoarse } from "../ui/coarse.ts";
import { ErrorBoundary } from "../ui/ErrorBoundary.tsx";
import { Icon } from "../ui/Icon.tsx";
import { bareTime, clockTime, exactTime, Time } from "../ui/Time.tsx";
import { EditForm } from "./EditForm.tsx";
import { Markdown } from "./Markdown.tsx";
import { MessageFiles } from "./MessageFiles.tsx";
import { Reactions } from "./Reactions.tsx";
import type { MessageActions } from "./messageActions.ts";
import { MessageToolbar } from "./MessageToolbar.tsx";

interface Props {
  message: LoadedMessage;
  user: User;
  /** The first of a group of messages by one author. */
  first: boolean;
  /** How many replies of its thread are loaded; more: there may be others. */
  replies: number;
  moreReplies: boolean;
  marked: boolean;
  /** resumed: an edit that was left unfinished earlier. */
  editing: false | "now" | "resumed";
  /** Whether its toolbar is shown; "menu": with its menu open. */
  active: false | "tools" | "menu";
  actions: MessageActions;
}

export const MessageRow = memo(function Row({ message: m, user, first, replies, moreReplies, marked, editing, active, actions }: Props) {
  const edited = m.editedAt ? { note: t.conversation.edited, noteTitle: exactTime(m.editedAt) } : undefined;
  return (
    <li className={`message${first ? " first" : ""}${marked ? " mark" : ""}`} data-seq={m.seq} data-active={active || undefined} tabIndex={-1}
      aria-label={t.conversation.row(user.name, exactTime(m.at), m.deletedAt ? t.conversation.deleted : messagePreview(m, mostSpoken))}
      onPointerEnter={(e) => e.pointerType === "mouse" && actions.hover(m.seq)}>
      <span className="message-gutter">{first ? <Avatar user={user} /> : <Time at={m.at} short={bareTime(m.at)} />}</span>
      <div>
        {first && <p className="message-author"><UserName user={user} /><Time at={m.at} /></p>}
        {m.pinned && <p className="message-pinned"><Icon name="pin" />{t.pins.pinned}</p>}
        {m.reply && <QuotedMessage quote={m.reply} jump={actions.jump} />}
        {editing ? <EditForm message={m} resumed={editing === "resumed"} onDone={() => actions.edit(undefined)} /> : m.deletedAt ? <p className="message-deleted">{t.conversation.deleted}</p> : !m.text ? null : m.mentions?.length ? <MessageBodyWithMentions text={m.text} mentions={m.mentions} everyone={!!m.mentionsAll} {...edited} /> : <MessageBody text={m.text} everyone={!!m.mentionsAll} {...edited} />}
        {m.files && <MessageFiles message={m} files={m.files} onView={actions.view} />}
        {!m.text && m.editedAt && !m.deletedAt && !editing && <span className="message-note" title={exactTime(m.editedAt)}>{t.conversation.edited}</span>}
        {m.reactions && <Reactions message={m} />}
        {replies > 0 && actions.showThread && <button type="button" className="message-replies" onClick={() => actions.showThread?.(m.seq)}><Icon name="replies" />{t.thread.replies(replies, moreReplies)}</button>}
      </div>
      {isCoarse() && !editing && <button type="button" className="message-more" aria-label={t.conversation.actions(user.name, clockTime(m.at))} onClick={() => actions.activate(m.seq, true)}><Icon name="more" /></button>}
      {active && !editing && <MessageToolbar message={m} name={user.name} answered={replies > 0} open={active === "menu"} actions={actions} />}
    </li>
  );
});

const mostSpoken = 500; // characters of a row's label
const nobody: ReadonlySet<string> = new Set();

interface BodyProps { text: string; named?: ReadonlySet<string>; everyone?: boolean; note?: string | undefined; noteTitle?: string | undefined }

/** The body of a message with mentions, which needs the handles of the mentioned users. */
function MessageBodyWithMentions({ mentions, ...body }: BodyProps & { mentions: readonly UserId[] }) {
  const handles = useSnapshot((s) => mentions.map((u) => userOf(s.state, u).handle).join(" "));
  const named = useMemo(() => new Set(handles.split(" ").filter(Boolean)), [handles]);
  return <MessageBody {...body} named={named} />;
}

export function MessageBody({ text, named = nobody, everyone = false, note, noteTitle }: BodyProps) {
  const core = useCore();
  return <div className={`message-body${isFewEmoji(text) ? " large" : ""}${hasStackedMarks(text) ? " stacked" : ""}`}><ErrorBoundary resetKey={text} fallback={<p>{text}</p>}><Markdown text={text} named={named} everyone={everyone} me={core.store.snapshot.state.me?.handle ?? ""} note={note} noteTitle={noteTitle} /></ErrorBoundary></div>;
}

export function QuotedMessage({ quote, jump }: { quote: Quote; jump: (seq: Seq) => void }) {
  const name = useSnapshot((s) => userOf(s.state, quote.by).name);
  const text = useMemo(() => quotePreview(quote), [quote]);
  return (
    <button type="button" className="message-quote" dir="auto" aria-label={`${t.conversation.replyTo(name)}: ${text || t.conversation.deletedQuote}`} onClick={() => jump(quote.seq)}>
      <b><bdi>{name}</bdi></b> {text || <i>{t.conversation.deletedQuote}</i>}
    </button>
  );
}
