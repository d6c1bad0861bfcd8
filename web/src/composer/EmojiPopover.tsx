import type { RefObject } from "react";
import { Dialog, Popover } from "react-aria-components";
import { loadParts } from "../app/loadParts.ts";
import { lazyPart } from "../app/lazyPart.tsx";
import { t } from "../strings/index.ts";
import { loadEmoji } from "./emoji.ts";
import { PopoverBack } from "../ui/PopoverBack.tsx";

/** The picker, loaded together with the emoji. */
const EmojiPicker = lazyPart<{ onPick: (emoji: string) => void }>(async () => {
  const [emojis, { EmojiPicker }] = await Promise.all([loadEmoji(), loadParts()]);
  return (props) => <EmojiPicker emojis={emojis} {...props} />;
}, { waiting: t.composer.loading });

interface Props {
  /** The button beside which it opens. */
  triggerRef: RefObject<HTMLElement | null>;
  /** The side on which it is in line with the button. */
  side?: "start" | "end";
  onPick: (emoji: string) => void;
  onClose: () => void;
}

/** The emoji picker beside a button, as long as it is rendered. It closes when an emoji is picked. */
export function EmojiPopover({ triggerRef, side = "start", onPick, onClose }: Props) {
  return (
    <Popover className="popover emoji-popover" isOpen triggerRef={triggerRef} placement={`top ${side}`} onOpenChange={(open) => open || onClose()}>
      <PopoverBack onClose={onClose} />
      <Dialog aria-label={t.composer.emoji}>
        <EmojiPicker onPick={(emoji) => {
          onClose();
          onPick(emoji);
        }} />
      </Dialog>
    </Popover>
  );
}
