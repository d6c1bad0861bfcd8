import { memo, useEffect } from "react";
import { Menu, MenuItem, MenuSection, MenuTrigger, Popover } from "react-aria-components";
import { navigate, paths } from "../app/route.ts";
import { useCore, useSnapshot } from "../app/useCore.ts";
import type { Chat } from "../core/chatModel.ts";
import { pictureOf, userOf } from "../core/selectors.ts";
import type { Mine } from "../core/wire.ts";
import { isolate } from "../strings/isolate.ts";
import { t } from "../strings/index.ts";
import { Avatar } from "../ui/Avatar.tsx";
import { Button } from "../ui/Button.tsx";
import { Icon } from "../ui/Icon.tsx";
import { PopoverBack } from "../ui/PopoverBack.tsx";
import { useToday } from "../ui/Time.tsx";
import { attempt, toast } from "../ui/Toast.tsx";
import { LinkedLine } from "./Markdown.tsx";
import { mutedText } from "./mutedText.ts";

/** The dialogs that the header opens. */
export type ConversationDialog = "members" | "files" | "notifications" | "rename" | "picture" | "invite" | "leave" | "delete" | "pins" | "groupMentions";

interface Props extends Pick<Chat, "id" | "kind" | "with" | "picture" | "topic" | "memberCount" | "role" | "mine" | "groupMentions"> {
  title: string;
  /** How many messages are pinned. */
  pinned: number;
  onOpen: (what: ConversationDialog) => void;
}

/** Its props are what it shows, not the chat, which is a new object with each message. */
export const Header = memo(function Header({ title, pinned, onOpen, ...chat }: Props) {
  const core = useCore();
  const today = useToday();
  const { starred, mutedUntil, hidden } = chat.mine;
  const online = useSnapshot((s) => !!chat.with && s.state.online.has(chat.with));
  const status = useSnapshot((s) => (chat.with ? userOf(s.state, chat.with).status : ""));
  const picture = useSnapshot((s) => pictureOf(s.state, chat));
  const group = chat.kind === "group";
  const serverAdmin = useSnapshot((s) => s.state.me?.role === "admin");
  const change = (mine: Partial<Mine>) => attempt(() => core.changeMine(chat.id, mine));
  function act(what: string | number) {
    switch (what) {
      case "star": return change({ starred: !starred });
      case "unmute": return change({ mutedUntil: 0 });
      case "show": return change({ hidden: false });
      case "hide":
        change({ hidden: true });
        navigate(paths.home);
        return toast(t.conversation.hidden(title), "hidden", { label: t.conversation.undo, run: () => {
          change({ hidden: false });
          navigate(paths.chat(chat.id));
        } });
      default: return onOpen(what as ConversationDialog);
    }
  }
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
          <Menu className="menu" onAction={act}>
            <MenuItem id="files">{t.files.ofChat}</MenuItem>
            <MenuItem id="pins">{t.pins.title}</MenuItem>
            {group && <MenuItem id="invite">{t.conversation.invite}</MenuItem>}
            {group && chat.role === "admin" && <MenuItem id="rename">{t.conversation.rename}</MenuItem>}
            {group && chat.role === "admin" && <MenuItem id="picture">{t.picture.ofGroup}</MenuItem>}
            {group && chat.role === "admin" && chat.groupMentions && <MenuItem id="groupMentions">{t.conversation.groupMentions}</MenuItem>}
            <MenuSection aria-label={t.conversation.forYou}>
              <MenuItem id="star">{starred ? t.conversation.unstar : t.conversation.star}</MenuItem>
              <MenuItem id="notifications">{t.conversation.notifications}</MenuItem>
              {mutedUntil !== 0 && <MenuItem id="unmute">{t.conversation.unmute}</MenuItem>}
              {hidden ? <MenuItem id="show">{t.conversation.show}</MenuItem> : <MenuItem id="hide">{t.conversation.hide}</MenuItem>}
            </MenuSection>
            {group && <MenuItem id="leave">{t.conversation.leave}</MenuItem>}
            {group && (chat.role === "admin" || serverAdmin) && <MenuItem id="delete" className="danger">{t.conversation.deleteMenu}</MenuItem>}
          </Menu>
        </Popover>
      </MenuTrigger>
    </header>
  );
});
