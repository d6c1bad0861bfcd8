import { memo, useEffect } from "react";
import { Menu, MenuItem, MenuTrigger, Popover } from "react-aria-components";
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
import { LinkedLine } from "./Markdown.tsx";

/** The dialogs that the header opens. */
export type ConversationDialog = "members" | "files" | "rename" | "picture" | "invite" | "leave" | "delete";

interface Props extends Pick<Chat, "id" | "kind" | "with" | "picture" | "topic" | "memberCount" | "role"> {
  title: string;
  onOpen: (what: ConversationDialog) => void;
}

/** Its props are what it shows, not the chat, which is a new object with each message. */
export const Header = memo(function Header({ title, onOpen, ...chat }: Props) {
  const online = useSnapshot((s) => !!chat.with && s.state.online.has(chat.with));
  const status = useSnapshot((s) => (chat.with ? userOf(s.state, chat.with).status : ""));
  const picture = useSnapshot((s) => pictureOf(s.state, chat));
  const group = chat.kind === "group";
  const serverAdmin = useSnapshot((s) => s.state.me?.role === "admin");
  useEffect(() => void (document.title = isolate(title)), [title]);
  return (
    <header>
      <Button look="plain icon" className="button plain icon conversation-back" aria-label={t.conversation.back} onPress={() => navigate(paths.home)}><Icon name="back" /></Button>
      <Avatar user={{ id: chat.with ?? chat.id, name: title, picture }} group={group} online={online} />
      <div className="conversation-names">
        <h1 dir="auto">{title}</h1>
        <p className="hint" dir="auto"><LinkedLine text={group ? chat.topic : [online && t.conversation.online, status].filter(Boolean).join(" · ")} /></p>
      </div>
      <Button look="plain icon" aria-label={t.search.inChat} onPress={() => navigate(paths.search(`in:${chat.id}`))}><Icon name="search" /></Button>
      {group && <Button look="plain" onPress={() => onOpen("members")}>{t.conversation.members(chat.memberCount)}</Button>}
      {!group && <Button look="plain icon" aria-label={t.files.ofChat} onPress={() => onOpen("files")}><Icon name="file" /></Button>}
      {group && (
        <MenuTrigger>
          <Button look="plain icon" aria-label={t.conversation.menu}><Icon name="more" /></Button>
          <Popover className="popover" placement="bottom end">
            <PopoverBack />
            <Menu className="menu" onAction={(what) => onOpen(what as ConversationDialog)}>
              <MenuItem id="files">{t.files.ofChat}</MenuItem>
              <MenuItem id="invite">{t.conversation.invite}</MenuItem>
              {chat.role === "admin" && <MenuItem id="rename">{t.conversation.rename}</MenuItem>}
              {chat.role === "admin" && <MenuItem id="picture">{t.picture.ofGroup}</MenuItem>}
              <MenuItem id="leave">{t.conversation.leave}</MenuItem>
              {(chat.role === "admin" || serverAdmin) && <MenuItem id="delete">{t.conversation.deleteMenu}</MenuItem>}
            </Menu>
          </Popover>
        </MenuTrigger>
      )}
    </header>
  );
});
