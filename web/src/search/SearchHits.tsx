import type { MouseEvent } from "react";
import { navigate, paths } from "../app/route.ts";
import { useSnapshot } from "../app/useCore.ts";
import type { SearchHit } from "../core/api.ts";
import { messageKey } from "../core/changes.ts";
import { pictureOf, titleOf, userOf } from "../core/selectors.ts";
import type { State } from "../core/state.ts";
import type { ChatId } from "../core/wire.ts";
import { t } from "../strings/index.ts";
import { Avatar } from "../ui/Avatar.tsx";
import { Icon } from "../ui/Icon.tsx";
import { shortTime, Time, useToday } from "../ui/Time.tsx";
import { snippetParts } from "./snippet.ts";

const r = t.search;

interface Props {
  hits: readonly SearchHit[];
  byChat: boolean;
  busy: boolean;
  /** A hit is about to be opened. */
  onOpen: (key: string) => void;
}

/** The messages that were found: newest first, or in a list for each chat. */
export function SearchHits({ hits, byChat, busy, onOpen }: Props) {
  const state = useSnapshot((s) => s.state);
  if (!byChat) return <HitList label={r.results} hits={hits} busy={busy} onOpen={onOpen} inChat={(id) => (state.chats.get(id)?.kind === "direct" ? r.with : r.in)(chatTitle(state, id))} />;
  const chats = new Map<ChatId, SearchHit[]>();
  for (const h of hits) chats.set(h.chatId, [...(chats.get(h.chatId) ?? []), h]);
  return [...chats].map(([id, of]) => (
    <section key={id}>
      <h2 dir="auto">{chatTitle(state, id)}</h2>
      <HitList label={chatTitle(state, id)} hits={of} busy={busy} onOpen={onOpen} />
    </section>
  ));
}

function chatTitle(s: State, id: ChatId): string {
  const chat = s.chats.get(id);
  return chat ? titleOf(s, chat) : "";
}

function HitList({ label, hits, busy, onOpen, inChat }: { label: string; hits: readonly SearchHit[]; busy: boolean; onOpen: (key: string) => void; /** Says in which chat a hit is. */ inChat?: (id: ChatId) => string }) {
  return (
    <ol className="search-hits" aria-label={label} aria-busy={busy}>
      {hits.map((h) => <li key={messageKey(h.message)}><Hit hit={h} chat={inChat?.(h.chatId)} onOpen={onOpen} /></li>)}
    </ol>
  );
}

function Hit({ hit, chat, onOpen }: { hit: SearchHit; chat?: string; onOpen: (key: string) => void }) {
  const { message: m } = hit;
  const author = useSnapshot((s) => userOf(s.state, m.by));
  const today = useToday();
  const path = paths.chat(m.chatId, m.seq);
  function open(e: MouseEvent) {
    if (e.ctrlKey || e.metaKey || e.shiftKey || e.altKey) return; // a new tab or window
    e.preventDefault();
    onOpen(messageKey(hit.message));
    navigate(path);
  }
  return (
    <a className="search-hit" href={path} data-hit={messageKey(hit.message)} onClick={open}>
      <Avatar user={author} />
      <span className="search-hit-head"><b dir="auto">{author.name}</b>{chat && <span className="hint" dir="auto">{chat}</span>}<Time at={m.at} short={shortTime(m.at, today)} /></span>
      <span className="search-snippet" dir="auto">{snippetParts(hit.snippet, hit.highlights).map((part, i) => (i % 2 ? <mark key={i}>{part}</mark> : part))}</span>
      {m.files?.map((f) => <span key={f.id} className="search-file hint"><Icon name="file" /><span dir="auto">{f.name}</span>{f.alt && <span dir="auto">{f.alt}</span>}</span>)}
    </a>
  );
}

/** Chats and people that were found by name. */
export function NameHits({ chats, users, onChat, onUser }: { chats: readonly string[]; users: readonly string[]; onChat: (id: string) => void; onUser: (id: string) => void }) {
  const state = useSnapshot((s) => s.state);
  const known = chats.flatMap((id) => state.chats.get(id) ?? []);
  return (
    <>
      {known.length > 0 && <NameList label={r.chats} items={known.map((c) => ({ id: c.id, name: titleOf(state, c), picture: pictureOf(state, c) }))} group onPick={onChat} />}
      {users.length > 0 && <NameList label={r.people} items={users.map((id) => userOf(state, id))} onPick={onUser} />}
    </>
  );
}

function NameList({ label, items, group, onPick }: { label: string; items: readonly { id: string; name: string; handle?: string; picture?: string }[]; group?: boolean; onPick: (id: string) => void }) {
  return (
    <section>
      <h2>{label}</h2>
      <ul className="search-names" aria-label={label}>
        {items.map((x) => (
          <li key={x.id}><button type="button" className="option" data-hit={x.id} onClick={() => onPick(x.id)}><Avatar user={x} group={group} size="small" /><b dir="auto">{x.name}</b>{x.handle && <span className="hint">@{x.handle}</span>}</button></li>
        ))}
      </ul>
    </section>
  );
}
