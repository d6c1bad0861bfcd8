import { type DragEvent, useEffect, useState } from "react";
import { FileTrigger } from "react-aria-components";
import { explain } from "../strings/failure.ts";
import { t } from "../strings/index.ts";
import { Avatar } from "../ui/Avatar.tsx";
import { Button } from "../ui/Button.tsx";
import { Dialog } from "../ui/Dialog.tsx";
import { type Crop, cropped, middle } from "./crop.ts";
import { PictureCrop } from "./PictureCrop.tsx";

interface Props {
  title: string;
  /** The user, or the group with its title as the name. */
  owner: { readonly id: string; readonly name: string; readonly picture?: string };
  group?: boolean;
  onSave: (picture: Blob) => Promise<unknown>;
  onRemove: () => Promise<unknown>;
  onClose: () => void;
}

const p = t.picture;

/** Sets the picture of the user or of a group: one is chosen, and a square part of it. */
export default function PictureDialog({ title, owner, group, onSave, onRemove, onClose }: Props) {
  const [chosen, setChosen] = useState<{ url: string; image: HTMLImageElement }>();
  const [crop, setCrop] = useState<Crop>({ x: 0, y: 0, zoom: 1 });
  const [dragging, setDragging] = useState(false);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState("");
  const url = chosen?.url;
  useEffect(() => () => void (url && URL.revokeObjectURL(url)), [url]);

  async function choose(file: File | undefined) {
    if (!file) return;
    setError("");
    const image = new Image();
    image.src = URL.createObjectURL(file);
    try {
      await image.decode();
      if (!image.naturalWidth) throw new Error("no size"); // an SVG picture without one
      setCrop(middle({ width: image.naturalWidth, height: image.naturalHeight }));
      setChosen({ url: image.src, image });
    } catch {
      URL.revokeObjectURL(image.src);
      setError(p.unreadable);
    }
  }
  async function change(what: () => Promise<unknown>) {
    setBusy(true);
    setError("");
    try {
      await what();
      onClose();
    } catch (err) {
      setBusy(false);
      setError(explain(err).message);
    }
  }
  /** The page's own listener would attach the file to the next message. */
  const drag = (over: boolean, e: DragEvent) => {
    e.preventDefault();
    e.stopPropagation();
    setDragging(over);
  };
  function onDrop(e: DragEvent) {
    drag(false, e);
    void choose(e.dataTransfer.files[0]);
  }
  const failure = error && <p className="error" role="alert">{error}</p>;
  return (
    <Dialog title={title} isOpen onClose={onClose}>
      {chosen ? (
        <>
          <PictureCrop url={chosen.url} size={{ width: chosen.image.naturalWidth, height: chosen.image.naturalHeight }} crop={crop} group={group} onCrop={setCrop} />
          {failure}
          <div className="row end">
            <Button isDisabled={busy} onPress={() => setChosen(undefined)}>{p.back}</Button>
            <Button look="main" isDisabled={busy} onPress={() => void change(async () => onSave(await cropped(chosen.image, crop)))}>{p.save}</Button>
          </div>
        </>
      ) : (
        <>
          <div className="picture-drop" data-dragging={dragging || undefined} onDragOver={(e) => drag(true, e)} onDragLeave={(e) => drag(false, e)} onDrop={onDrop}>
            <Avatar user={owner} size="large" group={group} />
            <FileTrigger acceptedFileTypes={["image/*"]} onSelect={(list) => void choose(list?.[0])}><Button look="main" autoFocus>{p.choose}</Button></FileTrigger>
            <p className="hint">{p.drop}</p>
          </div>
          {failure}
          <div className="row end">
            {owner.picture && <Button look="danger" isDisabled={busy} onPress={() => void change(onRemove)}>{p.remove}</Button>}
            <Button onPress={onClose}>{t.app.close}</Button>
          </div>
        </>
      )}
    </Dialog>
  );
}
