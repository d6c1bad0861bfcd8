import { type ChangeEvent, memo, type ReactNode, useRef } from "react";
import { FileTrigger, Menu, MenuItem, MenuTrigger, Popover } from "react-aria-components";
import { t } from "../strings/index.ts";
import { Button } from "../ui/Button.tsx";
import { isCoarse } from "../ui/coarse.ts";
import { Icon } from "../ui/Icon.tsx";

type OnFiles = (files: Iterable<File>) => unknown;

/** Chooses files; on a phone or tablet also takes a photo. Memoized: a keystroke does not render it. */
export const AttachButton = memo(function AttachButton({ onFiles }: { onFiles: OnFiles }) {
  const button = <Button look="plain icon" aria-label={t.files.attach}><Icon name="attach" /></Button>;
  if (isCoarse()) return <WithCamera onFiles={onFiles}>{button}</WithCamera>;
  return <FileTrigger allowsMultiple onSelect={(list) => list && onFiles(list)}>{button}</FileTrigger>;
});

function WithCamera({ onFiles, children }: { onFiles: OnFiles; children: ReactNode }) {
  const filesRef = useRef<HTMLInputElement>(null), cameraRef = useRef<HTMLInputElement>(null);
  const onChange = (e: ChangeEvent<HTMLInputElement>) => {
    onFiles([...(e.target.files ?? [])]);
    e.target.value = ""; // the same file may be chosen again
  };
  return (
    <MenuTrigger>
      {children}
      <input ref={filesRef} type="file" multiple hidden onChange={onChange} />
      <input ref={cameraRef} type="file" accept="image/*" capture="environment" hidden onChange={onChange} />
      <Popover className="popover" placement="top start">
        <Menu className="menu" onAction={(what) => (what === "camera" ? cameraRef : filesRef).current?.click()}>
          <MenuItem id="files">{t.files.choose}</MenuItem>
          <MenuItem id="camera">{t.files.camera}</MenuItem>
        </Menu>
      </Popover>
    </MenuTrigger>
  );
}
