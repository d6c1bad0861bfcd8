import { type PointerEvent, useRef, useState } from "react";
import { lazyPart } from "../app/lazyPart.tsx";
import { loadParts } from "../app/loadParts.ts";
import { useCore, useSnapshot } from "../app/useCore.ts";
import { namesOf } from "../core/selectors.ts";
import type { Message, Reaction } from "../core/wire.ts";
import { t } from "../strings/index.ts";
import { EmojiPopover } from "../composer/EmojiPopover.tsx";
import { Button } from "../ui/Button.tsx";
import { Icon } from "../ui/Icon.tsx";
import { attempt } from "../ui/Toast.tsx";
import { useLongPress } from "../ui/useLongPress.ts";
import type { Core } from "../core/core.ts";

export function react(core: Core, m: Message, emoji: string, on: boolean): void {
  attempt(() => core.change("react", { chatId: m.chatId, target: m.seq, emoji, on }));
}

export const ReactionList = lazyPart(async () => (await loadParts()).ReactionList, "dialog");
const emojiOf = (e: PointerEvent) => (e.target as Element).closest<HTMLElement>("[data-emoji]")?.dataset["emoji"];

/** The reactions to a message; a long press on one shows who reacted. */
export function Reactions({ message }: { message: Message }) {
  const core = useCore();
  const [picking, setPicking] = useState(false);
  const [listed, setListed] = useState<string>();
  const press = useLongPress(emojiOf, setListed);
  const moreRef = useRef<HTMLButtonElement>(null);
  return (
    <div className="reactions" onPointerDownCapture={press.onPointerDown}>
      {message.reactions?.map((r) => <Chip key={r.emoji} message={message} reaction={r} />)}
      <button ref={moreRef} type="button" className="button reaction more" aria-label={t.conversation.addReaction} onClick={() => setPicking(true)}><Icon name="addReaction" /></button>
      {picking && <EmojiPopover triggerRef={moreRef} onPick={(emoji) => react(core, message, emoji, true)} onClose={() => setPicking(false)} />}
      {listed && <ReactionList message={message} emoji={listed} onClose={() => setListed(undefined)} />}
    </div>
  );
}

function Chip({ message, reaction: r }: { message: Message; reaction: Reaction }) {
  const core = useCore();
  const names = useSnapshot((s) => namesOf(s.state, r.by).names.join("\n"));
  const known = names.split("\n").filter(Boolean);
  const all = t.conversation.namesAndOthers(known, r.count - known.length);
  return (
    <Button tip={all} className={() => "button reaction"} data-emoji={r.emoji} data-mine={r.mine || undefined} aria-pressed={r.mine} aria-label={t.conversation.reactions(r.emoji, r.count, all)} onPress={() => react(core, message, r.emoji, !r.mine)}>
      {r.emoji} {r.count}
    </Button>
  );
}
