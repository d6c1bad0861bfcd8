import { memo, useMemo } from "react";
import { follow, paths } from "../app/route.ts";
import type { Chat } from "../core/chatModel.ts";
import { callingOf, isMuted, lastAt, pictureOf, titleOf, userOf } from "../core/selectors.ts";
import { useSnapshot } from "../app/useCore.ts";
import { t } from "../strings/index.ts";
import { isolate } from "../strings/isolate.ts";
import { messagePreview } from "../strings/preview.ts";
import { Avatar } from "../ui/Avatar.tsx";
import { Icon } from "../ui/Icon.tsx";
import { shortTime, Time, useToday } from "../ui/Time.tsx";

interface Props {
  chat: Chat;
  current: boolean;
  /** It is the list's tab stop. */
  stop: boolean;
  draft?: string;
}

export const ChatRow = memo(function ChatRow({ chat, current, stop, draft }: Props) {
  const title = useSnapshot((s) => titleOf(s.state, chat));
  const picture = useSnapshot((s) => pictureOf(s.state, chat));
  const by = useSnapshot((s) => (!chat.last ? "" : chat.last.by === s.state.me?.id ? t.sidebar.you : firstName(userOf(s.state, chat.last.by).name)));
  const preview = useMemo(() => previewOf(chat, by), [chat, by]);
  const online = useSnapshot((s) => !!chat.with && s.state.online.has(chat.with));
  const failed = useSnapshot((s) => s.pending.some((p) => p.chatId === chat.id && p.state === "failed"));
  const today = useToday();
  const muted = isMuted(chat), calling = callingOf(chat);
  return (
    <>
      <a className="chat-row" data-chat={chat.id} tabIndex={stop ? 0 : -1} href={paths.chat(chat.id)} onClick={(e) => follow(e, paths.chat(chat.id))} aria-current={current ? "page" : undefined} data-unread={(!muted && chat.unread > 0) || undefined} data-muted={muted || undefined}>
        <Avatar user={{ id: chat.with ?? chat.id, name: title, picture }} group={chat.kind === "group"} online={online} />
        <span className="chat-row-names">
          <span className="chat-row-title" dir="auto">{title}{online && <span className="sr">, {t.sidebar.online}</span>}{muted && <span className="sr">, {t.sidebar.muted}</span>}</span>
          <span className="chat-row-preview" dir="auto">
            {failed ? <b>{t.sidebar.failed}</b> : draft && !current ? <><b>{t.sidebar.draft}</b> {draft}</> : preview}
          </span>
        </span>
        <span className="chat-row-side">
          <Time at={lastAt(chat)} short={shortTime(lastAt(chat), today)} />
          {(muted || calling > 0) && (
            <span className="chat-row-counts">
              {muted && <Icon name="muted" />}
              {chat.mentions > 0 && <span className="chat-row-count at" aria-hidden="true">@{upTo99(chat.mentions)}</span>}
              {!muted && <span className={chat.kind === "direct" ? "chat-row-count direct" : "chat-row-count"} aria-hidden="true">{upTo99(chat.unread)}</span>}
              {chat.unread > 0 && <span className="sr">{t.sidebar.unread(chat.unread)}{chat.mentions > 0 && `, ${t.sidebar.mentions(chat.mentions)}`}</span>}
            </span>
          )}
        </span>
      </a>
      <button type="button" className="chat-row-more" tabIndex={-1} aria-haspopup="menu" aria-label={t.conversation.menuOf(title)}><Icon name="more" /></button>
    </>
  );
});

const upTo99 = (n: number) => (n > 99 ? "99+" : n);

const firstName = (name: string) => name.trim().split(/\s/, 1)[0]!;

function previewOf(c: Chat, by: string): string {
  const m = c.last;
  if (!m) return c.topic;
  if (m.deletedAt) return t.sidebar.deletedBy(by);
  const text = messagePreview(m, 120);
  return c.kind === "direct" && m.by === c.with ? text : `${isolate(by)}: ${text}`;
}
