import { useCore, useSnapshot } from "../app/useCore.ts";
import type { Chat } from "../core/chatModel.ts";
import { muteEnd, muteTimes } from "../core/mute.ts";
import type { Mine } from "../core/wire.ts";
import { t } from "../strings/index.ts";
import { Button } from "../ui/Button.tsx";
import { Dialog } from "../ui/Dialog.tsx";
import { attempt } from "../ui/Toast.tsx";
import { useToday } from "../ui/Time.tsx";
import { mutedText } from "./mutedText.ts";

const c = t.conversation;

/** Of which messages of a chat the user is notified, and muting. Each choice is saved at once. */
export default function ChatNotifications({ chat, onClose }: { chat: Chat; onClose: () => void }) {
  const core = useCore();
  const standard = useSnapshot((s) => s.state.settings.level);
  const today = useToday();
  const { level, mutedUntil } = chat.mine;
  const change = (mine: Partial<Mine>) => attempt(() => core.changeMine(chat.id, mine));
  // In a direct chat every message is for the user.
  const levels = (["default", "all", "mentions", "none"] as const).filter((x) => x !== "mentions" || chat.kind === "group" || level === x);
  return (
    <Dialog title={c.notifications} isOpen onClose={onClose}>
      <div className="stack">
        <fieldset className="choices">
          <legend>{t.settings.notifyAbout}</legend>
          {levels.map((x) => <label key={x}><input type="radio" name="level" checked={level === x} onChange={() => change({ level: x })} />{x === "default" ? c.defaultLevel(c.levels[standard]) : c.levels[x]}</label>)}
        </fieldset>
        <section className="stack" aria-labelledby="mute">
          <h3 id="mute" className="label">{c.mute}</h3>
          <p className="hint" role="status">{mutedUntil ? mutedText(mutedUntil, today) : c.muteHint}</p>
          <div className="mute-times">
            {mutedUntil ? <Button onPress={() => change({ mutedUntil: 0 })}>{c.unmute}</Button> : muteTimes.map((x) => <Button key={x} onPress={() => change({ mutedUntil: muteEnd(x, core.clock.now()) })}>{c.muteTimes[x]}</Button>)}
          </div>
        </section>
        <div className="row end"><Button look="main" onPress={onClose}>{c.done}</Button></div>
      </div>
    </Dialog>
  );
}
