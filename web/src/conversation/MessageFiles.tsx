import { type CSSProperties, type ReactNode, useState } from "react";
import { altText, fileKind, fileUrl, isAnimated, stillUrl } from "../core/selectors.ts";
import type { File, FileId, Message } from "../core/wire.ts";
import { t } from "../strings/index.ts";
import { Icon } from "../ui/Icon.tsx";
import "./files.css";

interface Props {
  message: Message;
  files: readonly File[];
  onView: (m: Message, file: FileId) => void;
}

/** The files of a message: pictures in a grid, players, and a row for each other file. */
export function MessageFiles({ message: m, files, onView }: Props) {
  const pictures = files.filter((f) => fileKind(f.type) === "image");
  const others = files.filter((f) => fileKind(f.type) !== "image");
  return (
    <>
      {pictures.length > 0 && (
        <PictureGrid>
          {pictures.map((f) => (
            <li key={f.id} style={pictureStyle(f, pictures.length)}>
              <PictureTile chatId={m.chatId} file={f} onView={() => onView(m, f.id)} />
            </li>
          ))}
        </PictureGrid>
      )}
      {others.length > 0 && <ul className="message-files" aria-label={t.files.list}>{others.map((f) => <li key={f.id}><OtherFile chatId={m.chatId} file={f} /></li>)}</ul>}
    </>
  );
}

/** A picture that opens the viewer. An animated one is still until it is played. */
export function PictureTile({ chatId, file: f, onView }: { chatId: string; file: File; onView: () => void }) {
  const [playing, setPlaying] = useState(false);
  const src = playing ? fileUrl(chatId, f.id) : stillUrl(chatId, f);
  return (
    <>
      <button type="button" className="picture-view" aria-label={t.files.view(altText(f))} onClick={onView}>
        {src && <img src={src} alt={altText(f)} loading="lazy" decoding="async" draggable={false} />}
      </button>
      {isAnimated(f) && <button type="button" className="picture-play" aria-label={playing ? t.files.stop(altText(f)) : t.files.play(altText(f))} onClick={() => setPlaying(!playing)}><Icon name={playing ? "stop" : "play"} />{f.type === "image/gif" && t.files.gif}</button>}
    </>
  );
}

export function PictureGrid({ children }: { children: ReactNode }) {
  return <ul className="picture-grid" aria-label={t.files.kinds.image}>{children}</ul>;
}

const single = { width: 360, height: 280 }; // maximum of a picture that is alone, in px
const minWidth = 48, minPlayed = 128; // with room for the play button

/** Returns the size of a picture before it is loaded. One of several is a square. */
export function pictureStyle({ type, width, height, durationMs }: Pick<File, "type" | "width" | "height" | "durationMs">, count: number): CSSProperties | undefined {
  if (count > 1 || !width || !height) return undefined;
  const scale = Math.min(1, single.width / width, single.height / height);
  return { width: Math.max(durationMs || type === "image/gif" ? minPlayed : minWidth, Math.round(width * scale)), aspectRatio: `${width} / ${height}` };
}

/** A file that is not shown as a picture. */
export function OtherFile({ chatId, file: f }: { chatId: string; file: File }) {
  const kind = fileKind(f.type);
  return (
    <>
      {kind === "video" && <video className="message-video" controls preload="metadata" playsInline aria-label={t.files.video(altText(f))} width={f.width} height={f.height} style={f.width && f.height ? { ...pictureStyle(f, 1), minWidth: "min(16rem, 100%)" } : undefined} src={fileUrl(chatId, f.id)} />}
      {kind === "audio" && <audio className="message-audio" controls preload="none" aria-label={t.files.audio(altText(f))} src={fileUrl(chatId, f.id)} />}
      <a className="file-row" href={fileUrl(chatId, f.id, "download")} download={f.name}>
        <Icon name="file" />
        <span className="sr">{t.files.download} </span>
        <span className="file-name"><bdi>{f.name}</bdi><span className="hint">{t.files.size(f.size)}</span></span>
        <Icon name="download" />
      </a>
    </>
  );
}
