import { type FormEvent, type KeyboardEvent, memo, useCallback, useEffect, useEffectEvent, useId, useRef, useState, type Ref } from "react";
import { lazyPart } from "../app/lazyPart.tsx";
import { loadParts } from "../app/loadParts.ts";
import { useCore, useSnapshot } from "../app/useCore.ts";
import type { Pending } from "../core/outbox.ts";
import { mayNameEverybody, titleOf, userOf } from "../core/selectors.ts";
import { groupMention } from "../core/groupMention.ts";
import { threadDraftKey } from "../core/storage.ts";
import type { ChatId, GroupMention, Quote, Seq } from "../core/wire.ts";
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
import { EmojiPopover } from "./EmojiPopover.tsx";
import { formatByKey, pasteRich } from "./formatting.ts";
import { SendButton } from "./SendButton.tsx";
import { convertShortcode } from "./shortcode.ts";
import { SuggestionList, useSuggestionMenu } from "./SuggestionList.tsx";
import { byteLength, excess, sends } from "./text.ts";
import { Toolbar, ToolbarButton, useToolbar } from "./Toolbar.tsx";
import { useDraft } from "./useDraft.ts";
import { useAttachments } from "./useAttachments.ts";
import { useTextField } from "./useTextField.ts";
import "./composer.css";

const NotifyEveryone = lazyPart(async () => (await loadParts()).NotifyEveryone, "dialog");

const w = t.composer;
const quietlyNotified = 5; // people whom @all and @here notify without a question
const nearLimit = 500; // the number of bytes left from which on they are shown

interface Props {
  chatId: ChatId;
  /** The thread in which it is: what is written there replies to its last message. */
  thread?: { readonly root: Seq; readonly last: Quote | undefined };
  /** The message that the next one replies to. */
  reply?: Quote;
  /** A message that could not be sent, to be edited and sent again. */
  given?: Pending;
  onReply: (q: Quote | undefined) => void;
  /** ArrowUp in an empty field. */
  onEditLast: () => void;
}

export function Composer({ chatId, thread, reply, given, onReply, onEditLast }: Props) {
  const core = useCore();
  const id = useId();
  const limit = useSnapshot((s) => s.state.limits.text);
  const title = useSnapshot((s) => { const c = s.state.chats.get(chatId); return c ? titleOf(s.state, c) : ""; });
  const key = thread ? threadDraftKey(chatId, thread.root) : chatId;
  const placeholder = thread ? t.thread.placeholder : w.placeholder(title);
  const draft = useDraft(key, { reply, onReply });
  const { text } = draft;
  const { fieldRef, caret, selecting, setCaret, insert, focusAt } = useTextField();
  const replace = (now: string, to: number) => {
    draft.set(now);
    focusAt(to);
  };
  const menu = useSuggestionMenu(chatId, text, caret, insert);
  const attachments = useAttachments(key, !!thread, useCallback(() => fieldRef.current?.focus(), [fieldRef]));
  const toolbar = useToolbar();
  const [picking, setPicking] = useState(false);
  const emojiRef = useRef<HTMLButtonElement>(null);
  const over = byteLength(text) - limit;
  const off = !(visible(text) || attachments.files.length) || over > 0;
  const [asking, setAsking] = useState<{ word: GroupMention; people: number }>();

  useEffect(() => {
    if (!isCoarse()) fieldRef.current?.focus();
  }, [key, fieldRef]);
  const takeOver = useEffectEvent((p: Pending) => {
    replace([p.text, text].filter((s) => s.trim()).join("\n"), p.text.length); // what is being written stays, behind it
    draft.keep();
    if (p.reply && !reply) onReply(p.reply);
    void attachments.takeOver(p).finally(() => core.discard(p.clientId));
  });
  useEffect(() => {
    if (given) takeOver(given);
  }, [given]);

  function send(e?: FormEvent | KeyboardEvent, silent = false) {
    e?.preventDefault();
    if (off) return;
    const chat = core.store.snapshot.state.chats.get(chatId), people = (chat?.memberCount ?? 1) - 1;
    const word = chat && !silent && people > quietlyNotified && mayNameEverybody(chat) ? groupMention(text) : undefined;
    if (word) setAsking({ word, people });
    else post(silent);
  }
  function post(silent: boolean) {
    setAsking(undefined);
    core.post(chatId, text.trim(), reply ?? thread?.last, attachments.take(), silent);
    draft.end(text);
    setCaret(0);
    fieldRef.current?.focus();
  }
  function onKeyDown(e: KeyboardEvent<HTMLTextAreaElement>) {
    if (menu.takesKey(e) || formatByKey(e.nativeEvent, e.currentTarget)) return;
    if (sends(e.nativeEvent, e.currentTarget)) send(e);
    else if (e.key === "Enter" && e.shiftKey && (e.ctrlKey || e.metaKey)) send(e, true);
    else if (e.key === "ArrowUp" && !text) {
      e.preventDefault();
      onEditLast();
    } else if (e.key === "Escape" && reply) {
      e.stopPropagation();
      onReply(undefined);
    }
  }
  const pickEmoji = useCallback(() => {
    if (!isCoarse()) fieldRef.current?.focus(); // the popover returns the focus to where it was
    setPicking(true);
  }, [fieldRef]);

  const sendRef = useRef(send);
  useEffect(() => void (sendRef.current = send));
  const sendSilently = useCallback(() => afterFocusReturns(() => sendRef.current(undefined, true)), []);

  return (
    <form className="composer" onSubmit={send}>
      <SuggestionList menu={menu} />
      {reply && <ReplyPreview reply={reply} onClose={() => onReply(undefined)} />}
      <Attachments attachments={attachments} />
      {(toolbar.on ?? selecting) && <Toolbar fieldRef={fieldRef} />}
      <div className="composer-line">
        {attachments.allowed && <AttachButton onFiles={attachments.add} />}
        <EmojiButton ref={emojiRef} onPress={pickEmoji} />
        {toolbar.on !== undefined && !thread && <ToolbarButton on={toolbar.on} onPress={toolbar.toggle} />}
        <textarea ref={fieldRef} data-composer={thread ? "" : chatId} rows={Math.min(8, text.split("\n").length)} dir="auto" aria-label={placeholder} placeholder={placeholder} value={text} enterKeyHint={inFence(text, caret) ? "enter" : "send"}
          {...menu.fieldProps} aria-invalid={over > 0 || undefined} aria-describedby={over > -nearLimit ? id + "n" : undefined}
          onChange={(e) => {
            draft.set(e.target.value);
            setCaret(e.target.selectionStart);
            menu.reset();
            if (e.target.value) core.typing(chatId);
            void convertShortcode(e.nativeEvent as InputEvent, e.target, insert);
          }}
          onKeyDown={onKeyDown} onBlur={menu.close} onPaste={(e) => { attachments.onPaste(e); pasteRich(e.nativeEvent, e.currentTarget); }} />
        <SendButton off={off} onSilent={sendSilently} />
      </div>
      {over > -nearLimit && <p id={id + "n"} className={over > 0 ? "error" : "hint"} role="status">{over > 0 ? w.tooLong(excess(text, limit)) : w.left(-over)}</p>}
      {asking && <NotifyEveryone {...asking} onSend={post} onClose={() => setAsking(undefined)} />}
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

// Memoized: a keystroke does not render it.
const EmojiButton = memo(({ ref, onPress }: { ref: Ref<HTMLButtonElement>; onPress: () => void }) => <Button ref={ref} look="plain icon" aria-label={w.emoji} onPress={onPress}><Icon name="smile" /></Button>);
