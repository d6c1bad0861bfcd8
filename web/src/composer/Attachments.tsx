import { useId } from "react";
import { t } from "../strings/index.ts";
import { Button } from "../ui/Button.tsx";
import { Icon } from "../ui/Icon.tsx";
import type { AttachmentList } from "./useAttachments.ts";

/** The files of the next message. */
export function Attachments({ attachments: { files, dragging, asFile, setAsFile, remove } }: { attachments: AttachmentList }) {
  const id = useId();
  if (!files.length) return dragging ? <p className="composer-drop">{t.files.drop}</p> : null;
  return (
    <div className="composer-files">
      <ul aria-label={t.files.attached}>
        {files.map((f) => (
          <li key={f.key}>
            {f.url ? <img src={f.url} alt="" /> : <span className="composer-file-icon"><Icon name="file" /></span>}
            <span className="composer-file-name"><bdi>{f.name}</bdi><span className="hint">{t.files.size(f.blob.size)}</span></span>
            <Button look="plain icon" aria-label={t.files.remove(f.name)} onPress={() => remove(f.key)}><Icon name="close" /></Button>
          </li>
        ))}
      </ul>
      {files.some((f) => /^(image|video)\//.test(f.blob.type)) && (
        <label className="composer-as-file"><input type="checkbox" checked={asFile} aria-describedby={id} onChange={(e) => setAsFile(e.target.checked)} />{t.files.asFile} <span id={id} className="hint">{t.files.asFileWhy}</span></label>
      )}
      {dragging && <p className="composer-drop">{t.files.drop}</p>}
    </div>
  );
}
