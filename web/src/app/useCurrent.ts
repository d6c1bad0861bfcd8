import { useMemo, useState } from "react";
import { currentOf } from "../core/changes.ts";
import type { State } from "../core/state.ts";
import type { Message } from "../core/wire.ts";
import { useSnapshot } from "./useCore.ts";

/** Returns the messages of a list as they are now, without those that are gone. is must be stable: whether a message still belongs there. */
export function useCurrent(messages: readonly Message[], is: (m: Message, s: State) => boolean = always): readonly Message[] {
  const pick = useMemo(() => stableMessages(messages, is), [messages, is]);
  return useSnapshot((s) => pick(s.state));
}

/** Returns a function that returns the same list until one of its messages changes. */
function stableMessages(messages: readonly Message[], is: (m: Message, s: State) => boolean): (s: State) => readonly Message[] {
  let last: readonly Message[] = [];
  return (s) => {
    const now = messages.flatMap((m) => currentOf(s, m) ?? []).filter((m) => is(m, s));
    if (now.length !== last.length || now.some((m, i) => !same(m, last[i]!))) last = now;
    return last;
  };
}

const always = () => true;
const same = (a: Message, b: Message) => a.chatId === b.chatId && a.seq === b.seq && a.text === b.text && a.editedAt === b.editedAt;

/** Returns how often the connection came back: what the page shows may have changed meanwhile. */
export function useReconnects(): number {
  const live = useSnapshot((s) => s.connection.state === "live");
  const [was, setWas] = useState({ live, ever: live, times: 0 });
  if (live !== was.live) setWas({ live, ever: was.ever || live, times: was.times + Number(live && was.ever) });
  return was.times;
}
