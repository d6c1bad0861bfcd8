import { type KeyboardEvent, type MouseEvent, useEffect, useLayoutEffect, useRef } from "react";
import { navigate, paths } from "../app/route.ts";
import { useCore, useSnapshot } from "../app/useCore.ts";
import { messageKey } from "../core/changes.ts";
import { titleOf, userOf } from "../core/selectors.ts";
import type { Message } from "../core/wire.ts";
import { t } from "../strings/index.ts";
import { messagePreview } from "../strings/preview.ts";
import { Avatar } from "../ui/Avatar.tsx";
import { Button } from "../ui/Button.tsx";
import { Icon } from "../ui/Icon.tsx";
import { dayName, dayOf, Time, useToday } from "../ui/Time.tsx";
import { keep, useMentions } from "./useMentions.ts";

const w = t.mentions;
const shownText = 300; // characters of a message

/** What named the user or replied to them, newest first, by day. Each opens at its place. */
export function MentionsPage() {
  const core = useCore();
  const { messages, more, busy, error, kept, load } = useMentions();
  const today = useToday();
  const pageRef = useRef<HTMLDivElement>(null);
  useEffect(() => void (document.title = w.title), []);
  useLayoutEffect(() => { // Back returns to the place and to the message that was opened
    const page = pageRef.current!;
    if (!kept) return;
    page.scrollTop = kept.scrollTop;
    items(page).find((e) => e.dataset["hit"] === kept.opened)?.focus({ preventScroll: true });
  }, [kept]);
  const days = new Map<number, Message[]>();
  for (const m of messages ?? []) days.set(dayOf(m.at), [...(days.get(dayOf(m.at)) ?? []), m]);

  function open(m: Message) {
    keep(core.api, { scrollTop: pageRef.current!.scrollTop, opened: messageKey(m) });
    navigate(paths.chat(m.chatId, m.seq));
  }
  function onKeyDown(e: KeyboardEvent<HTMLElement>) {
    if (e.key !== "ArrowDown" && e.key !== "ArrowUp") return;
    const all = items(e.currentTarget), at = all.indexOf(document.activeElement as HTMLElement);
    if (at < 0) return;
    e.preventDefault();
    all[at + (e.key === "ArrowDown" ? 1 : -1)]?.focus();
  }
  return (
    <div className="search-page" ref={pageRef} tabIndex={-1} onKeyDown={onKeyDown} onScroll={(e) => keep(core.api, { scrollTop: e.currentTarget.scrollTop })}>
      <header className="mentions-header">
        <Button look="plain icon" className="button plain icon search-back" aria-label={t.conversation.back} onPress={() => navigate(paths.home)}><Icon name="back" /></Button>
        <h1>{w.title}</h1>
      </header>
      {error && <div className="search-failed"><p className="error" role="alert">{w.failed} {error}</p><Button onPress={load}>{w.retry}</Button></div>}
      {!messages && busy && <p className="hint" role="status">{w.loading}</p>}
      {messages?.length === 0 && !more && <div className="page-none"><Icon name="at" /><p>{w.none}</p><p className="hint">{w.noneHint}</p></div>}
      <div className="search-results">
        {[...days].map(([day, of]) => (
          <section key={day}>
            <h2>{dayName(day, today)}</h2>
            <ol className="search-hits">{of.map((m) => <li key={messageKey(m)}><Mention message={m} onOpen={open} /></li>)}</ol>
          </section>
        ))}
        {more && !error && <Button isDisabled={busy} onPress={load}>{w.more}</Button>}
      </div>
    </div>
  );
}

const items = (page: HTMLElement) => [...page.querySelectorAll<HTMLElement>("[data-hit]")];

function Mention({ message: m, onOpen }: { message: Message; onOpen: (m: Message) => void }) {
  const author = useSnapshot((s) => userOf(s.state, m.by));
  const me = useSnapshot((s) => s.state.me?.id ?? "");
  const chat = useSnapshot((s) => {
    const c = s.state.chats.get(m.chatId);
    return c?.kind === "group" ? titleOf(s.state, c) : "";
  });
  const path = paths.chat(m.chatId, m.seq);
  function onClick(e: MouseEvent) {
    if (e.ctrlKey || e.metaKey || e.shiftKey || e.altKey) return; // a new tab or window
    e.preventDefault();
    onOpen(m);
  }
  return (
    <a className="search-hit" href={path} data-hit={messageKey(m)} onClick={onClick}>
      <Avatar user={author} />
      <span className="search-hit-head"><b dir="auto">{author.name}</b>{chat && <span className="hint" dir="auto">{w.in(chat)}</span>}<Time at={m.at} /></span>
      <span className="search-snippet" dir="auto">{messagePreview(m, shownText)}</span>
      <span className="mention-why hint"><Icon name={m.mentions?.includes(me) ? "at" : "reply"} />{m.mentions?.includes(me) ? w.named : w.replied}</span>
    </a>
  );
}
