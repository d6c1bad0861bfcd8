import { useEffect, useRef, useState } from "react";
import { Menu, MenuItem, MenuSection, MenuTrigger, Popover, Text } from "react-aria-components";
import { lazyPart } from "../app/lazyPart.tsx";
import { loadParts } from "../app/loadParts.ts";
import { paths } from "../app/route.ts";
import { useCore, useSnapshot } from "../app/useCore.ts";
import { type LoadedMessage, quoteOf } from "../core/message.ts";
import { userOf } from "../core/selectors.ts";
import { t } from "../strings/index.ts";
import { afterFocusReturns } from "../ui/afterFocusReturns.ts";
import { Button } from "../ui/Button.tsx";
import { Icon } from "../ui/Icon.tsx";
import { copy } from "../ui/copy.ts";
import { attempt } from "../ui/Toast.tsx";
import { clockTime } from "../ui/Time.tsx";
import { PopoverBack } from "../ui/PopoverBack.tsx";
import { EmojiPopover } from "../composer/EmojiPopover.tsx";
import { messageIn } from "./messageElements.ts";
import { react, ReactionList } from "./Reactions.tsx";
import type { MessageActions } from "./messageActions.ts";

const DeleteMessage = lazyPart(async () => (await loadParts()).DeleteMessage, "dialog");
const quick = ["👍", "❤️", "😂"];

/** The toolbar and the menu of one message. */
export function MessageToolbar({ message: m, name, answered, open, actions }: { message: LoadedMessage; name: string; answered: boolean; open: boolean; actions: MessageActions }) {
  const core = useCore();
  const me = useSnapshot((s) => s.state.me);
  const chat = useSnapshot((s) => s.state.chats.get(m.chatId));
  const [dialog, setDialog] = useState<"delete" | "emoji" | "reactions">();
  const moreRef = useRef<HTMLButtonElement>(null);
  const opensDialogRef = useRef(false); // the menu closes in favour of a dialog
  const done = () => {
    opensDialogRef.current = false;
    setDialog(undefined);
    actions.activate(undefined);
    const list = moreRef.current?.closest("ol")?.parentElement;
    afterFocusReturns(() => { // the focused button was removed with the toolbar
      if (document.activeElement === document.body) messageIn(list ?? document, m.seq)?.focus({ preventScroll: true });
    });
  };
  const mine = m.by === me?.id;
  const seen = useSnapshot((s) => {
    const c = s.state.chats.get(m.chatId);
    if (!c?.members || c.memberCount > s.state.limits.readers) return undefined;
    return [...c.reads].filter(([u, seq]) => seq >= m.seq && c.members!.has(u) && u !== m.by && u !== me?.id).map(([u]) => userOf(s.state, u).name).join("\n");
  });
  const sharesReads = useSnapshot((s) => !!chat && chat.memberCount <= s.state.limits.readers);
  useEffect(() => { // read pointers are sent only while the chat is in view
    if (open && sharesReads) core.loadMembers(m.chatId).catch(() => {});
  }, [core, open, sharesReads, m.chatId]);
  const mayDelete = mine || (chat?.kind === "group" && chat.role === "admin");

  const toggle = (emoji: string) => react(core, m, emoji, !m.reactions?.some((r) => r.emoji === emoji && r.mine));
  function show(what: typeof dialog) {
    opensDialogRef.current = true;
    setDialog(what);
    actions.activate(m.seq, true); // the toolbar stays while it is open
  }
  function act(what: string | number) {
    switch (what) {
      case "reply": return afterFocusReturns(() => actions.reply(quoteOf(m, core.store.snapshot.state.limits.quote)));
      case "react": return show("emoji");
      case "reactions":
      case "delete": return show(what);
      case "thread": return afterFocusReturns(() => actions.showThread?.(m.root ?? m.seq));
      case "log": return actions.jump(m.seq);
      case "pin": return attempt(() => core.change("pin", { chatId: m.chatId, target: m.seq, on: !m.pinned }));
      case "edit": return actions.edit(m.seq);
      case "unread": return attempt(() => core.changeMine(m.chatId, { unreadFrom: m.seq }));
      case "text": return copy(m.text);
      case "link": return copy(location.origin + paths.chat(m.chatId, m.seq));
      default: return toggle(String(what));
    }
  }
  return (
    <div className="message-tools">
      {!m.deletedAt && quick.map((emoji) => (
        <Button key={emoji} aria-label={t.conversation.react(emoji)} tip={t.conversation.react(emoji)} onPress={() => toggle(emoji)}>{emoji}</Button>
      ))}
      {!m.deletedAt && <Button aria-label={t.conversation.addReaction} tip={t.conversation.addReaction} onPress={() => act("react")}><Icon name="smile" /></Button>}
      {!m.deletedAt && <Button aria-label={t.conversation.reply} tip={t.conversation.reply} onPress={() => act("reply")}><Icon name="reply" /></Button>}
      <MenuTrigger isOpen={open && !dialog} onOpenChange={(now) => (now ? actions.activate(m.seq, true) : opensDialogRef.current || done())}>
        <Button ref={moreRef} aria-label={t.conversation.actions(name, clockTime(m.at))}><Icon name="more" /></Button>
        <Popover className="popover" placement="bottom end">
          <PopoverBack />
          <Menu className="menu" onAction={act}>
            {!m.deletedAt && (
              <MenuSection className="message-quick" aria-label={t.conversation.addReaction}>
                {quick.map((emoji) => <MenuItem key={emoji} id={emoji} aria-label={t.conversation.react(emoji)} textValue={emoji}>{emoji}</MenuItem>)}
              </MenuSection>
            )}
            {!m.deletedAt && <MenuItem id="reply">{t.conversation.reply}</MenuItem>}
            {actions.showThread && (m.root || answered) && <MenuItem id="thread">{t.thread.show}</MenuItem>}
            {!actions.showThread && <MenuItem id="log">{t.thread.showInChat}</MenuItem>}
            {!m.deletedAt && <MenuItem id="react">{t.conversation.addReaction}</MenuItem>}
            {m.reactions && <MenuItem id="reactions">{t.conversation.viewReactions}</MenuItem>}
            {mine && !m.deletedAt && <MenuItem id="edit">{t.conversation.edit}</MenuItem>}
            {!m.deletedAt && <MenuItem id="pin">{m.pinned ? t.pins.unpin : t.pins.pin}</MenuItem>}
            {!m.deletedAt && <MenuItem id="unread">{t.conversation.markUnread}</MenuItem>}
            {m.text && <MenuItem id="text">{t.conversation.copyText}</MenuItem>}
            <MenuItem id="link">{t.conversation.copyLink}</MenuItem>
            {mayDelete && !m.deletedAt && <MenuItem id="delete" className="danger">{t.conversation.delete}</MenuItem>}
            {sharesReads && <MenuItem id="seen" isDisabled><Text slot="label" className="hint">{seen === undefined ? t.conversation.seenLoading : t.conversation.seenBy(seen.split("\n").filter(Boolean))}</Text></MenuItem>}
          </Menu>
        </Popover>
      </MenuTrigger>
      {dialog === "delete" && <DeleteMessage message={m} onClose={done} />}
      {dialog === "emoji" && <EmojiPopover side="end" triggerRef={moreRef} onPick={(emoji) => react(core, m, emoji, true)} onClose={done} />}
      {dialog === "reactions" && <ReactionList message={m} onClose={done} />}
    </div>
  );
}
