import { type FormEvent, type KeyboardEvent, memo, useCallback, useEffect, useEffectEvent, useId, useRef, useState, type Ref } from "react";
import { useCore, useSnapshot } from "../app/useCore.ts";
import type { Pending } from "../core/outbox.ts";
import { titleOf, userOf } from "../core/selectors.ts";
import type { ChatId, Quote } from "../core/wire.ts";
import { shortcodeAt } from "../core/completion.ts";
import { inFence } from "../core/fence.ts";
import { visible } from "../core/text.ts";
import { t } from "../strings/index.ts";
import { quotePreview } from "../strings/preview.ts";
import { Button } from "../ui/Button.tsx";
import { Icon } from "../ui/Icon.tsx";
import { isCoarse } from "../ui/coarse.ts";
import { AttachButton } from "./AttachButton.tsx";
import { Attachments } from "./Attachments.tsx";
import { afterFocusReturns } from "../ui/afterFocusReturns.ts";
import { isNamed, loadEmoji } from "./emoji.ts";
import { EmojiPopover } from "./EmojiPopover.tsx";
import { formatByKey, pasteRich } from "./formatting.ts";
import { SuggestionList, useSuggestionMenu } from "./SuggestionList.tsx";
import { byteLength, excess, sends } from "./text.ts";
import { Toolbar, ToolbarButton, useToolbar } from "./Toolbar.tsx";
import { useDraft } from "./useDraft.ts";
import { useAttachments } from "./useAttachments.ts";
import { useTextField } from "./useTextField.ts";
import "./composer.css";

const w = t.composer;
const nearLimit = 500; // the number of bytes left from which on they are shown

interface Props {
  chatId: ChatId;
  /** The message that the next one replies to. */
  reply?: Quote;
  /** A message that could not be sent, to be edited and sent again. */
  given?: Pending;
  onReply: (q: Quote | undefined) => void;
  /** ArrowUp in an empty field. */
  onEditLast: () => void;
}

export function Composer({ chatId, reply, given, onReply, onEditLast }: Props) {
  const core = useCore();
  const id = useId();
  const limit = useSnapshot((s) => s.state.limits.text);
  const title = useSnapshot((s) => { const c = s.state.chats.get(chatId); return c ? titleOf(s.state, c) : ""; });
  const draft = useDraft(chatId, { reply, onReply });
  const { text } = draft;
  const { fieldRef, caret, selecting, setCaret, insert, focusAt } = useTextField(chatId);
  const replace = (now: string, to: number) => {
    draft.set(now);
    focusAt(to);
  };
  const menu = useSuggestionMenu(chatId, text, caret, insert);
  const attachments = useAttachments(chatId, () => fieldRef.current?.focus());
  const toolbar = useToolbar();
  const [picking, setPicking] = useState(false);
  const emojiRef = useRef<HTMLButtonElement>(null);
  const over = byteLength(text) - limit;

  const takeOver = useEffectEvent((p: Pending) => {
    replace([p.text, text].filter((s) => s.trim()).join("\n"), p.text.length); // what is being written stays, behind it
    draft.keep();
    if (p.reply && !reply) onReply(p.reply);
    void attachments.takeOver(p).finally(() => core.discard(p.clientId));
  });
  useEffect(() => {
    if (given) takeOver(given);
  }, [given]);

  function send(e?: FormEvent) {
    e?.preventDefault();
    if (!(visible(text) || attachments.files.length) || over > 0) return;
    core.post(chatId, text.trim(), reply, attachments.take());
    draft.end(text);
    setCaret(0);
    fieldRef.current?.focus();
  }
  function onKeyDown(e: KeyboardEvent<HTMLTextAreaElement>) {
    if (menu.takesKey(e) || formatByKey(e.nativeEvent, e.currentTarget)) return;
    if (sends(e.nativeEvent, e.currentTarget)) send(e);
    else if (e.key === "ArrowUp" && !text) {
      e.preventDefault();
      onEditLast();
    } else if (e.key === "Escape" && reply) {
      e.stopPropagation();
      onReply(undefined);
    }
  }
  /** Puts the emoji for the shortcode that was just completed, unless the text has changed until the emoji are loaded. */
  async function convertShortcode(field: HTMLTextAreaElement) {
    const { value, selectionStart: at } = field;
    const typed = shortcodeAt(value, at);
    if (!typed) return;
    const emoji = await loadEmoji().then((all) => all.find((e) => isNamed(e, typed.code)), () => undefined);
    if (emoji && field.isConnected && field.value === value && field.selectionStart === at) insert(typed.from, typed.to, emoji.sign);
  }
  const pickEmoji = useCallback(() => {
    if (!isCoarse()) fieldRef.current?.focus(); // the popover returns the focus to where it was
    setPicking(true);
  }, [fieldRef]);

  return (
    <form className="composer" onSubmit={send}>
      <SuggestionList id={id} menu={menu} />
      {reply && <ReplyPreview reply={reply} onClose={() => onReply(undefined)} />}
      <Attachments attachments={attachments} />
      {(toolbar.on ?? selecting) && <Toolbar fieldRef={fieldRef} />}
      <div className="composer-line">
        {attachments.allowed && <AttachButton onFiles={attachments.add} />}
        <EmojiButton ref={emojiRef} onPress={pickEmoji} />
        {toolbar.on !== undefined && <ToolbarButton on={toolbar.on} onPress={toolbar.toggle} />}
        <textarea ref={fieldRef} data-composer rows={Math.min(8, text.split("\n").length)} dir="auto" aria-label={w.placeholder(title)} placeholder={w.placeholder(title)} value={text} enterKeyHint={inFence(text, caret) ? "enter" : "send"}
          role={menu.open ? "combobox" : undefined} aria-expanded={menu.open || undefined} aria-controls={menu.open ? id : undefined} aria-activedescendant={menu.open && menu.selected >= 0 ? `${id}-${menu.selected}` : undefined}
          aria-invalid={over > 0 || undefined} aria-describedby={over > -nearLimit ? id + "n" : undefined}
          onChange={(e) => {
            draft.set(e.target.value);
            setCaret(e.target.selectionStart);
            menu.reset();
            if (e.target.value) core.typing(chatId);
            const { inputType, data } = e.nativeEvent as InputEvent;
            if (inputType === "insertText" && data === ":") void convertShortcode(e.target);
          }}
          onKeyDown={onKeyDown} onBlur={menu.close} onPaste={(e) => { attachments.onPaste(e); pasteRich(e.nativeEvent, e.currentTarget); }} />
        <SendButton off={!(visible(text) || attachments.files.length) || over > 0} />
      </div>
      {over > -nearLimit && <p id={id + "n"} className={over > 0 ? "error" : "hint"} role="status">{over > 0 ? w.tooLong(excess(text, limit)) : w.left(-over)}</p>}
      {picking && <EmojiPopover triggerRef={emojiRef} onClose={() => setPicking(false)} onPick={(emoji) => {
        const { selectionStart, selectionEnd } = fieldRef.current!;
        afterFocusReturns(() => insert(selectionStart, selectionEnd, emoji));
      }} />}
    </form>
  );
}

function ReplyPreview({ reply, onClose }: { reply: Quote; onClose: () => void }) {
  const name = useSnapshot((s) => userOf(s.state, reply.by).name);
  return (
    <div className="composer-reply">
      <span dir="auto"><b><bdi>{name}</bdi></b> {quotePreview(reply)}</span>
      <Button look="plain icon" aria-label={w.cancelReply} onPress={onClose}><Icon name="close" /></Button>
    </div>
  );
}

// Memoized: a keystroke renders none of the buttons.
const EmojiButton = memo(({ ref, onPress }: { ref: Ref<HTMLButtonElement>; onPress: () => void }) => <Button ref={ref} look="plain icon" aria-label={w.emoji} onPress={onPress}><Icon name="smile" /></Button>);
const SendButton = memo(({ off }: { off: boolean }) => <Button type="submit" look="main" isDisabled={off} aria-label={w.send} tip={w.send} shortcut="Enter"><Icon name="send" /></Button>);
