import { useEffect, useRef, useState } from "react";
import { Menu, MenuItem, MenuSection, MenuTrigger, Popover, Text } from "react-aria-components";
import { paths } from "../app/route.ts";
import { useCore, useSnapshot } from "../app/useCore.ts";
import { cut, type Held, maxQuote } from "../core/message.ts";
import { userOf } from "../core/select.ts";
import { t } from "../strings/index.ts";
import { Button } from "../ui/Button.tsx";
import { Icon } from "../ui/Icon.tsx";
import { copy } from "../ui/copy.ts";
import { Dialog } from "../ui/Dialog.tsx";
import { attempt } from "../ui/Toast.tsx";
import { clockTime } from "../ui/Time.tsx";
import { EmojiPicker } from "../write/picker.tsx";
import { react } from "./Reactions.tsx";
import type { Deeds } from "./Row.tsx";

const quick = ["👍", "❤️", "😂"];
const seenIn = 32; // members up to which others' read pointers are told

/** Once a menu that closes has given the focus back. */
const later = (then: () => void) => requestAnimationFrame(() => requestAnimationFrame(then));

/** What can be done with one message. */
export function Tools({ message: m, name, open, deeds }: { message: Held; name: string; open: boolean; deeds: Deeds }) {
  const core = useCore();
  const me = useSnapshot((s) => s.state.me);
  const chat = useSnapshot((s) => s.state.chats.get(m.chatId));
  const [asking, setAsking] = useState(false);
  const [picking, setPicking] = useState(false);
  const asks = useRef(false); // the menu gives way to a question
  const done = () => {
    asks.current = false;
    setAsking(false);
    setPicking(false);
    deeds.activate(undefined);
    later(() => { // what had the focus before is gone with the tools
      if (document.activeElement === document.body) document.querySelector<HTMLElement>(`li[data-seq="${m.seq}"]`)?.focus({ preventScroll: true });
    });
  };
  const mine = m.by === me?.id;
  const seen = useSnapshot((s) => {
    const c = s.state.chats.get(m.chatId);
    if (!c?.members || c.memberCount > seenIn) return undefined;
    return [...c.reads].filter(([u, seq]) => seq >= m.seq && c.members!.has(u) && u !== m.by && u !== me?.id).map(([u]) => userOf(s.state, u).name).join("\n");
  });
  const told = !!chat && chat.memberCount <= seenIn;
  useEffect(() => { // what was read while one looked elsewhere was told to nobody
    if (open && told) core.loadMembers(m.chatId).catch(() => {});
  }, [core, open, told, m.chatId]);
  const mayDelete = mine || (chat?.kind === "group" && chat.role === "admin");

  const toggle = (emoji: string) => react(core, m, emoji, !m.reactions?.some((r) => r.emoji === emoji && r.mine));
  function act(what: string | number) {
    switch (what) {
      case "reply": return later(() => deeds.reply({ seq: m.seq, by: m.by, text: cut(m.text, maxQuote) }));
      case "react":
        asks.current = true;
        return setPicking(true);
      case "edit": return deeds.edit(m.seq);
      case "delete":
        asks.current = true;
        return setAsking(true);
      case "text": return copy(m.text);
      case "link": return copy(location.origin + paths.chat(m.chatId, m.seq));
      default: return toggle(String(what));
    }
  }
  return (
    <div className="tools">
      {!m.deletedAt && quick.map((emoji) => (
        <Button key={emoji} aria-label={t.talk.react(emoji)} onPress={() => toggle(emoji)}>{emoji}</Button>
      ))}
      {!m.deletedAt && <Button aria-label={t.talk.reply} onPress={() => act("reply")}><Icon name="reply" /></Button>}
      <MenuTrigger isOpen={open && !asking && !picking} onOpenChange={(now) => (now ? deeds.activate(m.seq, true) : asks.current || done())}>
        <Button aria-label={t.talk.actions(name, clockTime(m.at))}><Icon name="more" /></Button>
        <Popover className="popover" placement="bottom end">
          <Menu className="menu" onAction={act}>
            {!m.deletedAt && (
              <MenuSection className="quick" aria-label={t.talk.moreReactions}>
                {quick.map((emoji) => <MenuItem key={emoji} id={emoji} aria-label={t.talk.react(emoji)} textValue={emoji}>{emoji}</MenuItem>)}
              </MenuSection>
            )}
            {!m.deletedAt && <MenuItem id="reply">{t.talk.reply}</MenuItem>}
            {!m.deletedAt && <MenuItem id="react">{t.talk.moreReactions}</MenuItem>}
            {mine && !m.deletedAt && <MenuItem id="edit">{t.talk.edit}</MenuItem>}
            {!m.deletedAt && <MenuItem id="text">{t.talk.copyText}</MenuItem>}
            <MenuItem id="link">{t.talk.copyLink}</MenuItem>
            {mayDelete && !m.deletedAt && <MenuItem id="delete">{t.talk.delete}</MenuItem>}
            {told && <MenuItem id="seen" isDisabled><Text slot="label" className="hint">{seen === undefined ? t.talk.seenLoading : t.talk.seenBy(seen.split("\n").filter(Boolean))}</Text></MenuItem>}
          </Menu>
        </Popover>
      </MenuTrigger>
      <Dialog title={t.talk.delete} isOpen={asking} onClose={done} role="alertdialog">
        <p>{t.talk.deleteWhy}</p>
        <div className="row end">
          <Button onPress={done}>{t.talk.cancel}</Button>
          <Button look="danger" onPress={() => {
            done();
            attempt(() => core.change("delete", { chatId: m.chatId, target: m.seq }));
          }}>{t.talk.delete}</Button>
        </div>
      </Dialog>
      <Dialog title={t.talk.moreReactions} isOpen={picking} onClose={done}>
        <EmojiPicker onPick={(emoji) => { done(); react(core, m, emoji, true); }} onClose={done} />
      </Dialog>
    </div>
  );
}
