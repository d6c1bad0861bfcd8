import { useEffect, useEffectEvent, useState } from "react";
import { useCore } from "../app/useCore.ts";
import type { Chat } from "../core/chatModel.ts";
import { rangeOf, userOf } from "../core/selectors.ts";
import { cut } from "../core/text.ts";
import type { Message, Seq } from "../core/wire.ts";
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
    const fresh = new Map([...loaded, ...(now.last ? [now.last] : [])].filter((m) => m.seq > said.last && m.by !== state.me?.id && !m.deletedAt).map((m) => [m.seq, m]));
    const deleted = new Set(loaded.filter((m) => m.deletedAt).map((m) => m.seq));
    const kept = said.list.filter((x) => !deleted.has(x.seq));
    if (!fresh.size && kept.length === said.list.length) return;
    const spoken = [...fresh.values()].map((m) => ({ seq: m.seq, text: `${userOf(state, m.by).name}: ${cut(m.text || messagePreview(m, most), most)}` }));
    setSaid({ last: Math.max(said.last, ...fresh.keys()), list: [...kept, ...spoken].slice(-mostKept) });
  });
  useEffect(() => core.store.subscribe(() => hear()), [core]);
  return <div className="sr" role="log" aria-live="polite">{said.list.map((x) => <p key={x.seq}>{x.text}</p>)}</div>;
}
