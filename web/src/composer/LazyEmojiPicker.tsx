import { loadParts } from "../app/loadParts.ts";
import { lazyPart } from "../app/lazyPart.tsx";
import { t } from "../strings/index.ts";
import { loadEmoji } from "./emoji.ts";

interface Props { onPick: (emoji: string) => void; onClose: () => void }

/** The emoji picker, loaded together with the emoji. */
export const EmojiPicker = lazyPart<Props>(async () => {
  const [emojis, { EmojiPicker }] = await Promise.all([loadEmoji(), loadParts()]);
  return (props: Props) => <EmojiPicker emojis={emojis} {...props} />;
}, { waiting: t.composer.loading });
