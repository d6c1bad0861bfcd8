import { type KeyboardEvent, type TouchEvent, useEffect, useRef, useState } from "react";
import { Dialog, Heading, Modal, ModalOverlay } from "react-aria-components";
import { altText, fileKind, fileUrl, isAnimated, stillUrl } from "../core/selectors.ts";
import type { File, FileId, Message } from "../core/wire.ts";
import { t } from "../strings/index.ts";
import { useBackCloses } from "../ui/backCloses.ts";
import { Button } from "../ui/Button.tsx";
import { Icon } from "../ui/Icon.tsx";

interface Props {
  message: Pick<Message, "chatId" | "files">;
  /** The picture that is shown first. */
  file: FileId;
  onClose: () => void;
}

const swipePx = 50;

/** Shows the pictures of a message, one at a time. Focus returns to where it was. The button that is focused first has no tooltip: Escape would close that, not the viewer. */
export default function FileViewer({ message: m, file, onClose }: Props) {
  const pictures = (m.files ?? []).filter((f) => fileKind(f.type) === "image");
  const [at, setAt] = useState(() => Math.max(0, pictures.findIndex((f) => f.id === file)));
  const touchedAt = useRef<number>(undefined);
  const shown = pictures[at];
  const go = (step: number) => setAt((i) => Math.min(pictures.length - 1, Math.max(0, i + step)));
  const gone = !shown;
  useBackCloses(!gone, onClose);
  useEffect(() => {
    if (gone) onClose();
  }, [gone, onClose]);
  if (!shown) return null;

  function onKeyDown(e: KeyboardEvent) {
    const steps: Record<string, number> = { ArrowLeft: -1, ArrowRight: 1, Home: -Infinity, End: Infinity };
    const step = steps[e.key];
    if (step === undefined || e.altKey || e.ctrlKey || e.metaKey) return;
    e.preventDefault();
    go(step);
  }
  const onTouchStart = (e: TouchEvent) => void (touchedAt.current = e.touches.length === 1 ? e.touches[0]!.clientX : undefined);
  function onTouchEnd(e: TouchEvent) {
    const moved = (e.changedTouches[0]?.clientX ?? 0) - (touchedAt.current ?? NaN);
    if ((visualViewport?.scale ?? 1) === 1 && Math.abs(moved) > swipePx) go(moved < 0 ? 1 : -1);
  }
  return (
    <ModalOverlay className="dialog-overlay viewer-overlay" isOpen onOpenChange={(open) => open || onClose()}>
      <Modal className="viewer">
        <Dialog>
          <div className="viewer-inner" onKeyDown={onKeyDown}>
            <div className="viewer-bar">
              <Heading slot="title" level={2}><bdi>{shown.name}</bdi></Heading>
              {pictures.length > 1 && <span className="hint" role="status">{t.files.position(at + 1, pictures.length)}</span>}
              <a className="button plain icon" href={fileUrl(m.chatId, shown.id, "download")} download={shown.name} aria-label={t.files.downloadFile(shown.name, shown.size)}><Icon name="download" /></a>
              <Button look="plain icon" aria-label={t.files.close} tip="" onPress={onClose} autoFocus><Icon name="close" /></Button>
            </div>
            <Picture key={shown.id} chatId={m.chatId} file={shown} onTouchStart={onTouchStart} onTouchEnd={onTouchEnd} />
            {shown.alt && <p className="viewer-caption" dir="auto">{shown.alt}</p>}
            {pictures.length > 1 && (
              <div className="viewer-steps">
                <Button look="icon" aria-label={t.files.previous} isDisabled={at === 0} onPress={() => go(-1)}><Icon name="back" /></Button>
                <Button look="icon" aria-label={t.files.next} isDisabled={at === pictures.length - 1} onPress={() => go(1)}><Icon name="next" /></Button>
              </div>
            )}
          </div>
        </Dialog>
      </Modal>
    </ModalOverlay>
  );
}

interface PictureProps {
  chatId: string;
  file: File;
  onTouchStart: (e: TouchEvent) => void;
  onTouchEnd: (e: TouchEvent) => void;
}

/** One picture: as large as the window allows, or zoomed to its own pixels. */
function Picture({ chatId, file, ...touch }: PictureProps) {
  const [zoomed, setZoomed] = useState(false);
  const animated = isAnimated(file);
  const [playing, setPlaying] = useState(() => !matchMedia("(prefers-reduced-motion: reduce)").matches);
  const src = playing || !animated ? fileUrl(chatId, file.id) : stillUrl(chatId, file);
  return (
    <div className="viewer-stage" {...(!zoomed && touch)}>
      <button type="button" className="viewer-picture" aria-pressed={zoomed} aria-label={`${t.files.zoom}: ${altText(file)}`} data-zoomed={zoomed || undefined} onClick={() => setZoomed(!zoomed)}>
        {src && <img src={src} alt={altText(file)} width={file.width} height={file.height} draggable={false} />}
      </button>
      {animated && <Button look="icon" aria-label={playing ? t.files.stop(altText(file)) : t.files.play(altText(file))} onPress={() => setPlaying(!playing)}><Icon name={playing ? "stop" : "play"} /></Button>}
    </div>
  );
}
