import { memo, useEffect } from "react";
import { MenuTrigger, Popover } from "react-aria-components";
import { navigate, paths } from "../app/route.ts";
import { useSnapshot } from "../app/useCore.ts";
import type { Chat } from "../core/chatModel.ts";
import { pictureOf, userOf } from "../core/selectors.ts";
import { isolate } from "../strings/isolate.ts";
import { t } from "../strings/index.ts";
import { Avatar } from "../ui/Avatar.tsx";
import { Button } from "../ui/Button.tsx";
import { Icon } from "../ui/Icon.tsx";
import { PopoverBack } from "../ui/PopoverBack.tsx";
import { useToday } from "../ui/Time.tsx";
import { ChatMenu, type ConversationDialog } from "./ChatMenu.tsx";
import { LinkedLine } from "./Markdown.tsx";
import { mutedText } from "./mutedText.ts";

interface Props extends Pick<Chat, "id" | "kind" | "with" | "picture" | "topic" | "memberCount" | "mine"> {
  title: string;
  /** How many messages are pinned. */
  pinned: number;
  onOpen: (what: ConversationDialog) => void;
}

/** Its props are what it shows, not the chat, which is a new object with each message. */
export const Header = memo(function Header({ title, pinned, onOpen, ...chat }: Props) {
  const today = useToday();
  const { mutedUntil } = chat.mine;
  const online = useSnapshot((s) => !!chat.with && s.state.online.has(chat.with));
  const status = useSnapshot((s) => (chat.with ? userOf(s.state, chat.with).status : ""));
  const picture = useSnapshot((s) => pictureOf(s.state, chat));
  const group = chat.kind === "group";
  useEffect(() => void (document.title = isolate(title)), [title]);
  return (
    <header>
      <Button look="plain icon" className="button plain icon conversation-back" aria-label={t.conversation.back} onPress={() => navigate(paths.home)}><Icon name="back" /></Button>
      <Avatar user={{ id: chat.with ?? chat.id, name: title, picture }} group={group} online={online} />
      <div className="conversation-names">
        <h1 dir="auto">{title}</h1>
        <p className="hint" dir="auto"><LinkedLine text={group ? chat.topic : [online && t.conversation.online, status].filter(Boolean).join(" · ")} /></p>
      </div>
      {mutedUntil !== 0 && <Button look="plain icon" className="button plain icon conversation-muted" aria-label={mutedText(mutedUntil, today)} onPress={() => onOpen("notifications")}><Icon name="muted" /></Button>}
      <Button look="plain icon" aria-label={t.search.inChat} onPress={() => navigate(paths.search(`in:${chat.id}`))}><Icon name="search" /></Button>
      {pinned > 0 && <Button look="plain" className="button plain conversation-pins" aria-label={t.pins.count(pinned)} tip={t.pins.count(pinned)} onPress={() => onOpen("pins")}><Icon name="pin" />{pinned}</Button>}
      {group && (
        <Button look="plain" aria-label={t.conversation.members(chat.memberCount)} onPress={() => onOpen("members")}>
          <span className="conversation-members">{t.conversation.members(chat.memberCount)}</span>
          <span className="conversation-members-short"><Icon name="people" />{chat.memberCount}</span>
        </Button>
      )}
      <MenuTrigger>
        <Button look="plain icon" aria-label={t.conversation.menu}><Icon name="more" /></Button>
        <Popover className="popover" placement="bottom end">
          <PopoverBack />
          <ChatMenu chatId={chat.id} onOpen={onOpen} />
        </Popover>
      </MenuTrigger>
    </header>
  );
});
