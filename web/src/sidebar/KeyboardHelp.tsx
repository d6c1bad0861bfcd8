import { t } from "../strings/index.ts";
import { Button } from "../ui/Button.tsx";
import { Dialog } from "../ui/Dialog.tsx";

export default function KeyboardHelp({ onClose }: { onClose: () => void }) {
  return (
    <Dialog title={t.sidebar.help} isOpen onClose={onClose}>
      <dl className="keyboard-help">
        {t.sidebar.shortcuts.map(([key, what]) => [<dt key={key}>{key}</dt>, <dd key={key + what}>{what}</dd>])}
      </dl>
      <div className="row end"><Button onPress={onClose}>{t.app.close}</Button></div>
    </Dialog>
  );
}
