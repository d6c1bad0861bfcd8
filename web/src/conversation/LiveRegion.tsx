import { useState } from "react";
import { useSnapshot } from "../app/useCore.ts";
import type { Chat } from "../core/chatModel.ts";
import { userOf } from "../core/selectors.ts";

const most = 500; // characters: one long message does not talk for minutes

/** Speaks what somebody else says just now, and nothing that was only loaded. */
export function LiveRegion({ chat }: { chat: Chat }) {
  const name = useSnapshot((s) => (chat.last ? userOf(s.state, chat.last.by).name : ""));
  const mine = useSnapshot((s) => s.state.me?.id === chat.last?.by);
  const [from] = useState(chat.seen);
  const said = chat.last && chat.last.seq > from && !mine && !chat.last.deletedAt ? `${name}: ${chat.last.text.slice(0, most)}` : "";
  return <div className="sr" role="log" aria-live="polite">{said}</div>;
}
