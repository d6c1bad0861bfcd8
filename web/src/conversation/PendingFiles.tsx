import { useEffect, useState } from "react";
import { useCore, useSnapshot } from "../app/useCore.ts";
import type { Pending, PendingFile } from "../core/outbox.ts";
import { fileKind } from "../core/selectors.ts";
import { t } from "../strings/index.ts";
import { Button } from "../ui/Button.tsx";
import { Icon } from "../ui/Icon.tsx";
import { PictureGrid, pictureStyle } from "./MessageFiles.tsx";

/** The files of an unsent message, with the progress of each. Pictures have the size that they will have. */
export function PendingFiles({ pending: p, files }: { pending: Pending; files: readonly PendingFile[] }) {
  const isPicture = (f: PendingFile) => fileKind(f.type) === "image" && !!f.width;
  const pictures = files.filter(isPicture);
  return (
    <>
      {pictures.length > 0 && <PictureGrid>{pictures.map((f) => <li key={f.key} style={pictureStyle(f, pictures.length)}><Picture clientId={p.clientId} file={f} /></li>)}</PictureGrid>}
      <ul className="message-files" aria-label={t.files.list}>
        {files.map((f) => <li key={f.key} className="file-row"><Progress pending={p} file={f} /></li>)}
      </ul>
    </>
  );
}

function Picture({ clientId, file }: { clientId: string; file: PendingFile }) {
  const core = useCore();
  const [url, setUrl] = useState<string>();
  useEffect(() => {
    let made: string | undefined, gone = false;
    core.unsentFile(clientId, file.key).then((blob) => blob && !gone && setUrl((made = URL.createObjectURL(blob))), () => {});
    return () => {
      gone = true;
      if (made) URL.revokeObjectURL(made);
    };
  }, [core, clientId, file.key]);
  return url ? <img src={url} alt={file.alt ?? file.name} /> : null;
}

function Progress({ pending: p, file: f }: { pending: Pending; file: PendingFile }) {
  const core = useCore();
  const sent = useSnapshot((s) => s.uploads.get(f.key) ?? 0);
  return (
    <>
      <Icon name="file" />
      <span className="file-name">
        <bdi>{f.name}</bdi>
        {f.complete || p.state === "failed" ? <span className="hint">{t.files.size(f.size)}</span> : <progress aria-label={t.files.progress(f.name)} max={f.size || 1} value={sent} />}
      </span>
      {(p.state === "waiting" || p.state === "failed") && <Button look="plain icon" aria-label={p.state === "failed" || f.complete ? t.files.remove(f.name) : t.files.cancel(f.name)} onPress={() => core.removeFile(p.clientId, f.key)}><Icon name="close" /></Button>}
    </>
  );
}
