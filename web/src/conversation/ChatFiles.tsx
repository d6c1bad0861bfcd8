import { useEffect, useRef, useState } from "react";
import { navigate, paths } from "../app/route.ts";
import { useCore } from "../app/useCore.ts";
import type { ChatFile, FileKind } from "../core/api.ts";
import { fileKind } from "../core/selectors.ts";
import type { ChatId, FileId } from "../core/wire.ts";
import { t } from "../strings/index.ts";
import { Button } from "../ui/Button.tsx";
import { Dialog } from "../ui/Dialog.tsx";
import FileViewer from "./FileViewer.tsx";
import { OtherFile, PictureGrid, PictureTile } from "./MessageFiles.tsx";

const kinds: readonly FileKind[] = ["image", "video", "audio", "other"];

/** The files of a chat, newest first. */
export default function ChatFiles({ chatId, onClose }: { chatId: ChatId; onClose: () => void }) {
  const [kind, setKind] = useState<FileKind>("image");
  return (
    <Dialog title={t.files.ofChat} isOpen onClose={onClose}>
      <div className="row chat-files-kinds" role="group" aria-label={t.files.ofChat}>
        {kinds.map((k) => <button key={k} type="button" className="button" aria-pressed={k === kind} onClick={() => setKind(k)}>{t.files.kinds[k]}</button>)}
      </div>
      <FilesOfKind key={kind} chatId={chatId} kind={kind} onClose={onClose} />
      <div className="row end"><Button onPress={onClose}>{t.app.close}</Button></div>
    </Dialog>
  );
}

function FilesOfKind({ chatId, kind, onClose }: { chatId: ChatId; kind: FileKind; onClose: () => void }) {
  const { api } = useCore();
  const [files, setFiles] = useState<readonly ChatFile[]>([]);
  const [state, setState] = useState<"loading" | "more" | "all" | "failed">("loading");
  const [viewed, setViewed] = useState<FileId>();
  const asked = useRef(0); // the answer to an earlier question is dropped

  async function load(before?: number) {
    const nth = ++asked.current;
    setState("loading");
    try {
      const page = await api.files(chatId, { kind, before });
      if (nth !== asked.current) return;
      setFiles((all) => (before === undefined ? page.files : [...all, ...page.files]));
      setState(page.more ? "more" : "all");
    } catch {
      if (nth === asked.current) setState("failed");
    }
  }
  useEffect(() => {
    let gone = false;
    const nth = ++asked.current;
    api.files(chatId, { kind }).then((page) => {
      if (gone || nth !== asked.current) return;
      setFiles(page.files);
      setState(page.more ? "more" : "all");
    }, () => gone || setState("failed"));
    return () => void (gone = true);
  }, [api, chatId, kind]);

  const show = (seq: number) => {
    onClose();
    navigate(paths.chat(chatId, seq));
  };
  const before = files.at(-1)?.seq;
  return (
    <>
      {kind === "image" ? files.length > 0 && (
        <PictureGrid>
          {files.map(({ file: f }) => (
            <li key={f.id}><PictureTile chatId={chatId} file={f} onView={() => setViewed(f.id)} /></li>
          ))}
        </PictureGrid>
      ) : (
        <ul className="chat-files" aria-label={t.files.kinds[kind]}>
          {files.map(({ file, seq }) => <li key={file.id}><OtherFile chatId={chatId} file={file} /><Button look="plain" onPress={() => show(seq)}>{t.files.show}</Button></li>)}
        </ul>
      )}
      {state === "all" && !files.length && <p className="hint">{t.files.none}</p>}
      {state === "loading" && <p className="hint" role="status">{t.files.loading}</p>}
      {state === "failed" && <div className="row"><p className="error" role="alert">{t.files.failed}</p><Button onPress={() => void load(before)}>{t.files.again}</Button></div>}
      {state === "more" && <Button onPress={() => void load(before)}>{t.files.more}</Button>}
      {viewed && <FileViewer message={{ chatId, files: files.map(({ file }) => file).filter((f) => fileKind(f.type) === "image") }} file={viewed} onClose={() => setViewed(undefined)} />}
    </>
  );
}
