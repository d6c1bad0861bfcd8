import { useEffect, useEffectEvent, useState } from "react";
import { useCore } from "../app/useCore.ts";
import type { Chat } from "../core/chatModel.ts";
import { rangeOf, unknownName, userOf } from "../core/selectors.ts";
import type { Message, Seq } from "../core/wire.ts";
import { isolate } from "../strings/isolate.ts";
import { messagePreview } from "../strings/preview.ts";

const most = 500; // characters read out of one message
const mostKept = 20; // messages

/**
 * Announces new messages of others to screen readers, but not messages that are only loaded. Each message is an
 * element of its own: equal ones are both spoken, and several that come at once, too.
 */
export function LiveRegion({ chat }: { chat: Chat }) {
  const core = useCore();
  const [said, setSaid] = useState<{ last: Seq; list: readonly { seq: Seq; text: string }[] }>({ last: chat.seen, list: [] });
  const hear = useEffectEvent(() => {
    const { state } = core.store.published;
    const now = state.chats.get(chat.id);
    if (!now) return;
    const loaded: readonly Message[] = rangeOf(now)?.messages ?? [];
    const news = [...loaded, ...(now.last ? [now.last] : [])].filter((m) => m.seq > said.last && m.by !== state.me?.id && !m.deletedAt);
    const unnamed = news.findIndex((m) => userOf(state, m.by).name === unknownName); // it waits, with those after it, until the name is loaded
    const fresh = new Map((unnamed < 0 ? news : news.slice(0, unnamed)).map((m) => [m.seq, m]));
    const deleted = new Set(loaded.filter((m) => m.deletedAt).map((m) => m.seq));
    const kept = said.list.filter((x) => !deleted.has(x.seq));
    if (!fresh.size && kept.length === said.list.length) return;
    const spoken = [...fresh.values()].map((m) => ({ seq: m.seq, text: `${isolate(userOf(state, m.by).name)}: ${messagePreview(m, most)}` }));
    setSaid({ last: Math.max(said.last, ...fresh.keys()), list: [...kept, ...spoken].slice(-mostKept) });
  });
  useEffect(() => core.store.subscribe(() => hear()), [core]);
  return <div className="sr" role="log" aria-live="polite">{said.list.map((x) => <p key={x.seq}>{x.text}</p>)}</div>;
}
