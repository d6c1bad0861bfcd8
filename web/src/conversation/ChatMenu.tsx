import { Menu, MenuItem, MenuSection, Popover, SubmenuTrigger } from "react-aria-components";
import { isOpenChat, navigate, paths } from "../app/route.ts";
import { useChat, useCore, useSnapshot } from "../app/useCore.ts";
import { muteEnd, type MuteTime, muteTimes } from "../core/mute.ts";
import { isEmpty, titleOf } from "../core/selectors.ts";
import type { ChatId, Mine } from "../core/wire.ts";
import { t } from "../strings/index.ts";
import { Icon } from "../ui/Icon.tsx";
import { attempt, toast } from "../ui/Toast.tsx";

/** The dialogs that a chat's header and menu open. */
export type ConversationDialog = "members" | "files" | "notifications" | "rename" | "picture" | "invite" | "leave" | "delete" | "pins" | "groupMentions";

interface Props {
  chatId: ChatId;
  /** Only the user's own settings and leaving, without what the open chat's header has. */
  short?: boolean;
  onOpen: (what: ConversationDialog) => void;
  onClose?: () => void;
}

const c = t.conversation;
const narrow = "(max-width: 40rem)"; // no room for a submenu beside the menu

/** The menu of a chat, in its header and at its row in the list. It is rendered in an open Popover. */
export function ChatMenu({ chatId, short = false, onOpen, onClose }: Props) {
  const core = useCore();
  const chat = useChat(chatId);
  const title = useSnapshot((s) => (chat ? titleOf(s.state, chat) : ""));
  const serverAdmin = useSnapshot((s) => s.state.me?.role === "admin");
  if (!chat) return null;
  const { starred, mutedUntil, hidden } = chat.mine;
  const group = chat.kind === "group", admin = group && chat.role === "admin";
  const change = (mine: Partial<Mine>) => attempt(() => core.changeMine(chatId, mine));

  function hide() {
    const open = isOpenChat(chatId);
    change({ hidden: true });
    if (open) navigate(paths.home);
    toast(c.hidden(title), "hidden", { label: c.undo, run: () => {
      change({ hidden: false });
      if (open) navigate(paths.chat(chatId));
    } });
  }
  function act(what: string | number) {
    switch (what) {
      case "read": return core.markRead(chatId, chat!.seen);
      case "unread": return attempt(() => core.markUnread(chatId));
      case "star": return change({ starred: !starred });
      case "unmute": return change({ mutedUntil: 0 });
      case "show": return change({ hidden: false });
      case "hide": return hide();
      default: return onOpen(what as ConversationDialog);
    }
  }
  function mute(what: string | number) {
    change({ mutedUntil: muteEnd(what as MuteTime, core.clock.now()) });
    onClose?.(); // a menu without a trigger does not close with its submenu
  }
  return (
    <Menu className="menu" aria-label={c.menuOf(title)} autoFocus={short ? "first" : undefined} onAction={act} onClose={onClose}>
      {!short && <MenuItem id="files">{t.files.ofChat}</MenuItem>}
      {!short && <MenuItem id="pins">{t.pins.title}</MenuItem>}
      {!short && group && <MenuItem id="invite">{c.invite}</MenuItem>}
      {!short && admin && <MenuItem id="rename">{c.rename}</MenuItem>}
      {!short && admin && <MenuItem id="picture">{t.picture.ofGroup}</MenuItem>}
      {!short && admin && chat.groupMentions && <MenuItem id="groupMentions">{c.groupMentions}</MenuItem>}
      <MenuSection aria-label={c.forYou}>
        {chat.unread > 0 ? <MenuItem id="read">{c.markRead}</MenuItem> : !isEmpty(chat) && <MenuItem id="unread">{c.markUnread}</MenuItem>}
        <MenuItem id="star">{starred ? c.unstar : c.star}</MenuItem>
        <MenuItem id="notifications">{c.notifications}</MenuItem>
        {mutedUntil !== 0 ? <MenuItem id="unmute">{c.unmute}</MenuItem> : (
          <SubmenuTrigger>
            <MenuItem id="mute">{c.mute}<Icon name="next" /></MenuItem>
            <Popover className="popover" placement={matchMedia(narrow).matches ? "bottom start" : "end top"}>
              <Menu className="menu" onAction={mute}>
                {muteTimes.map((x) => <MenuItem key={x} id={x}>{c.muteTimes[x]}</MenuItem>)}
              </Menu>
            </Popover>
          </SubmenuTrigger>
        )}
        {hidden ? <MenuItem id="show">{c.show}</MenuItem> : <MenuItem id="hide">{c.hide}</MenuItem>}
      </MenuSection>
      {group && <MenuItem id="leave">{c.leave}</MenuItem>}
      {!short && group && (admin || serverAdmin) && <MenuItem id="delete" className="danger">{c.deleteMenu}</MenuItem>}
    </Menu>
  );
}
