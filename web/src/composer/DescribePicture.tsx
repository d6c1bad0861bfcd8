import { type FormEvent, type KeyboardEvent, useState } from "react";
import { Label, Text, TextArea, TextField } from "react-aria-components";
import { cut, oneLine } from "../core/text.ts";
import type { NewFile } from "../core/uploader.ts";
import { t } from "../strings/index.ts";
import { Button } from "../ui/Button.tsx";
import { Dialog } from "../ui/Dialog.tsx";

const maxLength = 1000;

/** Asks for the description of a picture. */
export default function DescribePicture({ file: f, onSave, onClose }: { file: NewFile; onSave: (alt: string) => void; onClose: () => void }) {
  const [alt, setAlt] = useState(f.alt ?? "");
  function save(e: FormEvent | KeyboardEvent) {
    e.preventDefault();
    e.stopPropagation(); // the composer's form is around it in React's tree
    onSave(cut(oneLine(alt), maxLength));
    onClose();
  }
  return (
    <Dialog title={t.files.describeTitle} isOpen onClose={onClose}>
      <form className="stack" onSubmit={save}>
        <img className="described-picture" src={f.url} alt={f.name} />
        <TextField className="field" value={alt} onChange={setAlt} autoFocus maxLength={maxLength}>
          <Label>{t.files.description}</Label>
          <TextArea rows={3} dir="auto" enterKeyHint="done" onKeyDown={(e) => e.key === "Enter" && save(e)} />
          <Text slot="description" className="hint">{t.files.descriptionWhy}</Text>
        </TextField>
        <div className="row end">
          <Button onPress={onClose}>{t.files.cancelDescription}</Button>
          <Button type="submit" look="main">{t.files.saveDescription}</Button>
        </div>
      </form>
    </Dialog>
  );
}
