import { type KeyboardEvent, useEffect, useMemo, useRef, useState } from "react";
import { loadParts } from "../app/loadParts.ts";
import { part } from "../app/Part.tsx";
import { navigate, paths } from "../app/route.ts";
import { useChat, useCore, useSnapshot } from "../app/useCore.ts";
import type { Chat } from "../core/chat.ts";
import type { Pending } from "../core/outbox.ts";
import { stretchOf, titleOf, userOf } from "../core/select.ts";
import type { ChatId, Entry, Message, Quote, Seq } from "../core/wire.ts";
import { t } from "../strings/index.ts";
import { Button } from "../ui/Button.tsx";
import { attempt, toast } from "../ui/Toast.tsx";
import { Composer } from "../write/Composer.tsx";
import { Header } from "./Header.tsx";
import { List } from "./List.tsx";
import type { Deeds } from "./Row.tsx";
import { Unsent } from "./Unsent.tsx";
import "./talk.css";

const Members = part(async () => (await loadParts()).Members, "dialog");
const Rename = part(async () => (await loadParts()).Rename, "dialog");
const Leave = part(async () => (await loadParts()).Leave, "dialog");
const Alone = part(async () => (await loadParts()).Alone);
const InviteCard = part(async () => (await loadParts()).InviteCard, "dialog");
export type Opened = "members" | "rename" | "invite" | "leave";

export function Talk({ chatId, seq }: { chatId: ChatId; seq?: Seq }) {
  const chat = useChat(chatId);
  const known = useSnapshot((s) => s.state.epoch !== "");
  const was = useRef(false);
  if (chat) was.current = true;
  if (chat) return <Room chat={chat} seq={seq} />;
  return known ? <Stranger chatId={chatId} left={was.current} /> : <p className="whole hint" role="status">{t.talk.loading}</p>;
}

function Room({ chat, seq }: { chat: Chat; seq?: Seq }) {
  const core = useCore();
  const title = useSnapshot((s) => titleOf(s.state, chat));
  const [reply, setReply] = useState<Quote>();
  const [editing, setEditing] = useState<{ seq: Seq; resumed?: boolean }>();
  const [given, setGiven] = useState<Pending>();
  const [opened, setOpened] = useState<Opened>();
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

  const free = !editing;
  useEffect(() => { // an edit that was left unfinished
    if (free) void core.storage?.edited(chat.id).then((seq) => seq && setEditing((e) => e ?? { seq, resumed: true }), () => {});
  }, [core, chat.id, free]);

  const deeds = useMemo((): Omit<Deeds, "activate" | "hover"> => ({
    reply: (q) => {
      setReply(q);
      area.current?.querySelector<HTMLElement>("[data-composer]")?.focus();
    },
    edit: (at) => {
      setEditing(at === undefined ? undefined : { seq: at });
      if (at === undefined) area.current?.querySelector<HTMLElement>("[data-composer]")?.focus();
    },
    jump: (at) => navigate(paths.chat(chat.id, at)),
  }), [chat.id]);

  /** Of what stands at the end, of the newest that one call brings, else of what was read elsewhere. */
  async function editLast() {
    const { state } = core.snapshot;
    const now = state.chats.get(chat.id);
    const own = (m: Message) => m.by === state.me?.id && !m.deletedAt;
    const last = (now && stretchOf(now))?.messages.findLast(own)
      ?? (await core.command("history", { chatId: chat.id, limit: 200 })).messages.findLast(own)
      ?? now?.timeline?.flatMap((s) => s.messages).findLast(own);
    const field = area.current?.querySelector<HTMLTextAreaElement>("[data-composer]");
    if (!field || field.value) return; // meanwhile one went on
    if (!last) return toast(t.talk.noneToEdit);
    if (!area.current?.querySelector(`li[data-seq="${last.seq}"]`)) deeds.jump(last.seq); // one reads far from it
    setEditing({ seq: last.seq });
  }
  // Not drawn anew with each message that comes.
  const composer = useMemo(() => <Composer chatId={chat.id} reply={reply} given={given} onReply={setReply} onEditLast={() => attempt(editLast)} />, [chat.id, reply, given]);
  const close = () => setOpened(undefined);
  /** Escape that nothing else wanted marks the chat as read; what comes through a portal is not meant for it. */
  function onKeyDown(e: KeyboardEvent<HTMLElement>) {
    if (e.key === "Escape" && !e.defaultPrevented && e.currentTarget.contains(e.target as Node)) core.read(chat.id, chat.seen);
  }
  return (
    <div className="talk" ref={area} onKeyDown={onKeyDown}>
      <Header kind={chat.kind} with={chat.with} topic={chat.topic} memberCount={chat.memberCount} role={chat.role} title={title} onOpen={setOpened} />
      {chat.kind === "group" && chat.memberCount === 1 && <Alone chatId={chat.id} />}
      <List chat={chat} target={seq} editing={editing} deeds={deeds} onEditPending={setGiven} />
      <Typing chat={chat} />
      {composer}
      {opened === "members" && <Members chat={chat} onClose={close} />}
      {opened === "rename" && <Rename chat={chat} onClose={close} />}
      {opened === "leave" && <Leave chat={chat} onClose={close} />}
      {opened === "invite" && <InviteCard chatId={chat.id} title={title} onClose={close} />}
    </div>
  );
}

function Typing({ chat }: { chat: Chat }) {
  const names = useSnapshot((s) => [...chat.typing.keys()].filter((u) => u !== s.state.me?.id).map((u) => userOf(s.state, u).name).join("\n"));
  return <p className="typing" aria-live="off">{names && t.talk.typing(names.split("\n"))}</p>;
}

/** No member: an open chat can be joined. Who has just left, or was removed, is not asked to. */
function Stranger({ chatId, left }: { chatId: ChatId; left: boolean }) {
  const core = useCore();
  const [entry, setEntry] = useState<Entry>();
  useEffect(() => {
    if (!left) core.api.chat(chatId).then(({ chat }) => setEntry(chat), () => {});
  }, [core, chatId, left]);
  const back = <Button onPress={() => navigate(paths.home)}>{t.talk.toChats}</Button>;
  if (entry?.open && !entry.role) {
    return <div className="whole stack"><h1 dir="auto">{entry.title}</h1><p className="hint">{t.talk.joinOpen}</p><Button look="main" onPress={() => attempt(() => core.join(chatId))}>{t.talk.join}</Button>{back}<Unsent chatId={chatId} /></div>;
  }
  return <div className="whole stack"><h1>{left ? t.talk.left : t.talk.gone}</h1><p className="hint">{t.talk.goneWhy}</p>{back}<Unsent chatId={chatId} /></div>;
}
