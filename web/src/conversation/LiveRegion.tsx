import { useState } from "react";
import { useSnapshot } from "../app/useCore.ts";
import type { Chat } from "../core/chatModel.ts";
import { userOf } from "../core/selectors.ts";
import { cut } from "../core/text.ts";
import { messagePreview } from "../strings/preview.ts";

const most = 500; // characters read out of one message

/** Announces new messages of others to screen readers, but not messages that are only loaded. */
export function LiveRegion({ chat }: { chat: Chat }) {
  const name = useSnapshot((s) => (chat.last ? userOf(s.state, chat.last.by).name : ""));
  const mine = useSnapshot((s) => s.state.me?.id === chat.last?.by);
  const [from] = useState(chat.seen);
  const said = chat.last && chat.last.seq > from && !mine && !chat.last.deletedAt ? `${name}: ${cut(chat.last.text || messagePreview(chat.last, most), most)}` : "";
  return <div className="sr" role="log" aria-live="polite">{said}</div>;
}
