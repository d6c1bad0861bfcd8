import { type KeyboardEvent, memo, useCallback, useEffect, useMemo, useRef, useState } from "react";
import { loadParts } from "../app/loadParts.ts";
import { lazyPart } from "../app/lazyPart.tsx";
import { navigate, paths, routeOf, threadOfAddress } from "../app/route.ts";
import { useChat, useCore, useSnapshot } from "../app/useCore.ts";
import type { Chat } from "../core/chatModel.ts";
import type { Pending } from "../core/outbox.ts";
import { namesOf, rangeOf, titleOf } from "../core/selectors.ts";
import type { ChatId, Entry, FileId, Message, Quote, Seq } from "../core/wire.ts";
import { useInvitePrompts } from "../settings/invitePrompts.ts";
import { t } from "../strings/index.ts";
import { Button } from "../ui/Button.tsx";
import { attempt, toast } from "../ui/Toast.tsx";
import { Composer } from "../composer/Composer.tsx";
import { focusComposer } from "../composer/useTextField.ts";
import type { ConversationDialog } from "./ChatMenu.tsx";
import { Header } from "./Header.tsx";
import { MessageList } from "./MessageList.tsx";
import { messageIn } from "./messageElements.ts";
import type { MessageActions } from "./messageActions.ts";
import { Pins } from "./Pins.tsx";
import { ThreadPanel } from "./ThreadPanel.tsx";
import { UnsentMessages } from "./UnsentMessages.tsx";
import "./conversation.css";

const Members = lazyPart(async () => (await loadParts()).Members, "dialog");
const GroupMentions = lazyPart(async () => (await loadParts()).GroupMentions, "dialog");
const RenameChat = lazyPart(async () => (await loadParts()).RenameChat, "dialog");
const ChatNotifications = lazyPart(async () => (await loadParts()).ChatNotifications, "dialog");
const PictureDialog = lazyPart(async () => (await loadParts()).PictureDialog, "dialog");
const DeleteChat = lazyPart(async () => (await loadParts()).DeleteChat, "dialog");
const LeaveChat = lazyPart(async () => (await loadParts()).LeaveChat, "dialog");
const FileViewer = lazyPart(async () => (await loadParts()).FileViewer, "dialog");
const ChatFiles = lazyPart(async () => (await loadParts()).ChatFiles, "dialog");
const InvitePrompt = lazyPart(async () => (await loadParts()).InvitePrompt);
const InviteDialog = lazyPart(async () => (await loadParts()).InviteDialog, "dialog");

/** Memoized, as Sidebar is. */
export const Conversation = memo(function Conversation({ chatId, seq, thread }: { chatId: ChatId; seq?: Seq; thread?: Seq }) {
  const chat = useChat(chatId);
  const known = useSnapshot((s) => s.state.epoch !== "");
  const [wasMember, setWasMember] = useState(!!chat);
  if (chat && !wasMember) setWasMember(true);
  if (chat) return <OpenConversation chat={chat} seq={seq} thread={thread} />;
  return known ? <NotAMember chatId={chatId} left={wasMember} /> : <p className="centered hint" role="status">{t.conversation.loading}</p>;
});

function OpenConversation({ chat, seq, thread }: { chat: Chat; seq?: Seq; thread?: Seq }) {
  const core = useCore();
  const title = useSnapshot((s) => titleOf(s.state, chat));
  const prompts = useInvitePrompts();
  const [reply, setReply] = useState<Quote>();
  const [editing, setEditing] = useState<{ seq: Seq; resumed?: boolean }>();
  const [given, setGiven] = useState<Pending>();
  const [opened, setOpened] = useState<ConversationDialog>();
  const [viewed, setViewed] = useState<{ message: Message; file: FileId }>();
  const area = useRef<HTMLDivElement>(null);

  useEffect(() => {
    const look = () => core.focus(document.visibilityState === "visible" ? [chat.id] : []);
    look();
    document.addEventListener("visibilitychange", look);
    return () => {
      document.removeEventListener("visibilitychange", look);
      core.focus([]);
    };
  }, [core, chat.id]);

  const pinsUnknown = !chat.pins && !!chat.timeline?.length; // after the messages
  useEffect(() => {
    if (pinsUnknown) core.loadPins(chat.id).catch(() => {}); // opening the list reports the failure
  }, [core, chat.id, pinsUnknown]);

  const openedRef = useRef(""); // the address with the conversation that was opened here: Back closes it
  const closeThread = useCallback(() => {
    if (openedRef.current === location.href) history.back();
    else navigate(paths.chat(chat.id, here(chat.id).seq), { replace: true });
    focusComposer(chat.id);
  }, [chat.id]);

  const free = !editing;
  useEffect(() => { // resumes an unfinished edit
    if (free) void core.storage?.unfinishedEdit(chat.id).then((seq) => seq && setEditing((e) => e ?? { seq, resumed: true }), () => {});
  }, [core, chat.id, free]);

  const actions = useMemo((): Omit<MessageActions, "activate" | "hover"> => ({
    reply: (q) => {
      setReply(q);
      area.current?.querySelector<HTMLElement>("[data-composer]")?.focus();
    },
    edit: (at) => {
      setEditing(at === undefined ? undefined : { seq: at });
      if (at === undefined) area.current?.querySelector<HTMLElement>("[data-composer]")?.focus();
    },
    jump: (at) => navigate(paths.chat(chat.id, at, matchMedia(besideLog).matches ? threadOfAddress() : undefined)),
    showThread: (root) => {
      const { seq } = here(chat.id);
      navigate(paths.chat(chat.id, seq, root));
      openedRef.current = location.href;
    },
    view: (message, file) => setViewed({ message, file }),
  }), [chat.id]);

  /** Edits the user's last message: among the loaded ones at the end, the newest page, or any loaded one. */
  const editLast = useCallback(async () => {
    const { state } = core.store.snapshot;
    const now = state.chats.get(chat.id);
    const own = (m: Message) => m.by === state.me?.id && !m.deletedAt;
    const last = (now && rangeOf(now))?.messages.findLast(own)
      ?? (await core.command("history", { chatId: chat.id, limit: state.limits.page })).messages.findLast(own)
      ?? now?.timeline?.flatMap((s) => s.messages).findLast(own);
    const field = area.current?.querySelector<HTMLTextAreaElement>("[data-composer]");
    if (!field || field.value) return; // the user typed meanwhile
    if (!last) return toast(t.conversation.noneToEdit);
    if (!messageIn(area.current, last.seq)) actions.jump(last.seq); // it is not mounted
    setEditing({ seq: last.seq });
  }, [core, chat.id, actions]);
  // Memoized: a new message does not render the composer.
  const composer = useMemo(() => <Composer chatId={chat.id} reply={reply} given={given} onReply={setReply} onEditLast={() => attempt(editLast)} />, [chat.id, reply, given, editLast]);
  const close = () => setOpened(undefined);
  /** Escape marks the chat as read if nothing else handled it; events from portals do not count. */
  function onKeyDown(e: KeyboardEvent<HTMLElement>) {
    if (e.key === "Escape" && !e.defaultPrevented && e.currentTarget.contains(e.target as Node)) core.markRead(chat.id, chat.seen);
  }
  return (
    <div className="conversation-panes" data-thread={thread || undefined}>
      <div className="conversation" ref={area} onKeyDown={onKeyDown}>
        <Header id={chat.id} kind={chat.kind} with={chat.with} picture={chat.picture} topic={chat.topic} memberCount={chat.memberCount} mine={chat.mine} title={title} pinned={chat.pins?.size ?? 0} onOpen={setOpened} />
        {chat.kind === "group" && (chat.memberCount === 1 || prompts.has(chat.id)) && <InvitePrompt chatId={chat.id} />}
        <MessageList chat={chat} title={title} target={seq} editing={editing} actions={actions} onEditPending={setGiven} />
        <Typing chat={chat} />
        {composer}
        {opened === "pins" && <Pins chat={chat} onView={actions.view} onClose={close} />}
        {opened === "groupMentions" && <GroupMentions chat={chat} onClose={close} />}
        {viewed && <FileViewer {...viewed} onClose={() => setViewed(undefined)} />}
        {opened === "files" && <ChatFiles chatId={chat.id} onClose={close} />}
        {opened === "members" && <Members chat={chat} onClose={close} />}
        {opened === "notifications" && <ChatNotifications chat={chat} onClose={close} />}
        {opened === "rename" && <RenameChat chat={chat} onClose={close} />}
        {opened === "picture" && <PictureDialog title={t.picture.ofGroup} group owner={{ id: chat.id, name: title, picture: chat.picture }} onSave={(p) => core.api.putChatPicture(chat.id, p)} onRemove={() => core.api.removeChatPicture(chat.id)} onClose={close} />}
        {opened === "leave" && <LeaveChat chat={chat} onClose={close} />}
        {opened === "delete" && <DeleteChat chat={chat} title={title} onClose={close} />}
        {opened === "invite" && <InviteDialog chatId={chat.id} title={title} onClose={close} />}
      </div>
      {thread && <ThreadPanel key={thread} chat={chat} title={title} root={thread} onJump={actions.jump} onView={actions.view} onClose={closeThread} />}
    </div>
  );
}

/** A screen this wide has room for a conversation beside the log; conversation.css has the same. */
const besideLog = "(min-width: 68.01rem)";

/** Returns what the address names of the chat that is open. */
function here(chatId: ChatId): { readonly seq?: Seq } {
  const route = routeOf(location.pathname);
  return route.at === "chat" && route.chatId === chatId ? route : {};
}

function Typing({ chat }: { chat: Chat }) {
  const names = useSnapshot((s) => namesOf(s.state, [...chat.typing.keys()].filter((u) => u !== s.state.me?.id)).names.join("\n"));
  return <p className="conversation-typing" aria-live="off">{names && t.conversation.typing(names.split("\n"))}</p>;
}

/** The page of a chat without membership: an open chat can be joined, except right after leaving it or being removed. */
function NotAMember({ chatId, left }: { chatId: ChatId; left: boolean }) {
  const core = useCore();
  const [entry, setEntry] = useState<Entry>();
  const deleted = useSnapshot((s) => s.state.deleted.has(chatId));
  useEffect(() => {
    if (!left) core.api.chat(chatId).then(({ chat }) => setEntry(chat), () => {});
  }, [core, chatId, left]);
  const back = <Button look={entry ? undefined : "main"} onPress={() => navigate(paths.home)}>{t.conversation.backToChats}</Button>;
  if (entry?.open && !entry.role) {
    return <div className="centered stack"><h1 dir="auto">{entry.title}</h1>{entry.topic && <p dir="auto">{entry.topic}</p>}<p className="hint">{t.conversation.members(entry.memberCount)} · {t.conversation.joinOpen}</p><Button look="main" onPress={() => attempt(() => core.join(chatId))}>{t.conversation.join}</Button>{back}<UnsentMessages chatId={chatId} /></div>;
  }
  return <div className="centered stack"><h1>{deleted ? t.conversation.chatDeleted : left ? t.conversation.left : t.conversation.gone}</h1>{!deleted && <p className="hint">{left ? t.conversation.leftHint : t.conversation.goneHint}</p>}{back}<UnsentMessages chatId={chatId} /></div>;
}
