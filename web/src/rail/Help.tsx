import { t } from "../strings/index.ts";
import { Dialog } from "../ui/Dialog.tsx";

export default function Help({ onClose }: { onClose(): void }) {
  return (
    <Dialog title={t.rail.help} isOpen onClose={onClose}>
      <dl className="keys">
        {t.rail.shortcuts.map(([key, what]) => [<dt key={key}>{key}</dt>, <dd key={key + what}>{what}</dd>])}
      </dl>
    </Dialog>
  );
}
