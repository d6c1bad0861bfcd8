import { useCore, useSnapshot } from "../app/useCore.ts";
import { userOf } from "../core/selectors.ts";
import type { Message, Reaction } from "../core/wire.ts";
import { t } from "../strings/index.ts";
import { Button } from "../ui/Button.tsx";
import { attempt } from "../ui/Toast.tsx";
import type { Core } from "../core/core.ts";

export function react(core: Core, m: Message, emoji: string, on: boolean): void {
  attempt(() => core.change("react", { chatId: m.chatId, target: m.seq, emoji, on }));
}

export function Reactions({ message }: { message: Message }) {
  return <div className="reactions">{message.reactions?.map((r) => <Chip key={r.emoji} message={message} reaction={r} />)}</div>;
}

function Chip({ message, reaction: r }: { message: Message; reaction: Reaction }) {
  const core = useCore();
  const names = useSnapshot((s) => r.by.map((u) => userOf(s.state, u).name).join("\n"));
  const all = t.conversation.reactedBy(names.split("\n"), r.count - r.by.length);
  return (
    <span title={all}>
      <Button className={() => "button reaction"} data-mine={r.mine || undefined} aria-pressed={r.mine} aria-label={t.conversation.reactions(r.emoji, r.count, all)} onPress={() => react(core, message, r.emoji, !r.mine)}>
        {r.emoji} {r.count}
      </Button>
    </span>
  );
}
