import type { GroupMention } from "../core/wire.ts";
import { t } from "../strings/index.ts";
import { Button } from "../ui/Button.tsx";
import { Dialog } from "../ui/Dialog.tsx";

const w = t.composer;

/** Asks before a message notifies many people. */
export default function NotifyEveryone({ word, people, onSend, onClose }: { word: GroupMention; people: number; onSend: (silent: boolean) => void; onClose: () => void }) {
  return (
    <Dialog title={w.notifyTitle(people)} isOpen onClose={onClose} role="alertdialog">
      <p>{word === "all" ? w.notifyAll : w.notifyHere}</p>
      <div className="row end">
        <Button onPress={onClose}>{w.cancel}</Button>
        <Button onPress={() => onSend(true)}>{w.sendSilently}</Button>
        <Button look="main" autoFocus onPress={() => onSend(false)}>{w.send}</Button>
      </div>
    </Dialog>
  );
}
