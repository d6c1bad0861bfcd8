import { useId, useState } from "react";
import { lazyPart } from "../app/lazyPart.tsx";
import { loadParts } from "../app/loadParts.ts";
import type { NewFile } from "../core/uploader.ts";
import { t } from "../strings/index.ts";
import { Button } from "../ui/Button.tsx";
import { Icon } from "../ui/Icon.tsx";
import type { AttachmentList } from "./useAttachments.ts";

const DescribePicture = lazyPart(async () => (await loadParts()).DescribePicture, "dialog");

/** The files of the next message. */
export function Attachments({ attachments: { files, dragging, asFile, setAsFile, describe, remove } }: { attachments: AttachmentList }) {
  const id = useId();
  const [describing, setDescribing] = useState<NewFile>();
  if (!files.length) return dragging ? <p className="composer-drop">{t.files.drop}</p> : null;
  return (
    <div className="composer-files">
      <ul aria-label={t.files.attached}>
        {files.map((f) => (
          <li key={f.key}>
            {f.url ? <img src={f.url} alt="" /> : <span className="composer-file-icon"><Icon name="file" /></span>}
            <span className="composer-file-name">
              <bdi>{f.name}</bdi>
              {f.url ? <button type="button" className="composer-describe" aria-label={f.alt ? t.files.described(f.name, f.alt) : t.files.describePicture(f.name)} onClick={() => setDescribing(f)}><bdi>{f.alt ?? t.files.describe}</bdi></button> : <span className="hint">{t.files.size(f.blob.size)}</span>}
            </span>
            <Button look="plain icon" aria-label={t.files.remove(f.name)} onPress={() => remove(f.key)}><Icon name="close" /></Button>
          </li>
        ))}
      </ul>
      {files.some((f) => /^(image|video)\//.test(f.blob.type)) && (
        <label className="composer-as-file"><input type="checkbox" checked={asFile} aria-describedby={id} onChange={(e) => setAsFile(e.target.checked)} />{t.files.asFile} <span id={id} className="hint">{t.files.asFileWhy}</span></label>
      )}
      {dragging && <p className="composer-drop">{t.files.drop}</p>}
      {describing && <DescribePicture file={describing} onSave={(alt) => describe(describing.key, alt)} onClose={() => setDescribing(undefined)} />}
    </div>
  );
}
