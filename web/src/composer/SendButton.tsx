import { memo, useCallback, useRef, useState } from "react";
import { Menu, MenuItem, Popover } from "react-aria-components";
import { t } from "../strings/index.ts";
import { Button } from "../ui/Button.tsx";
import { isCoarse } from "../ui/coarse.ts";
import { Icon } from "../ui/Icon.tsx";
import { PopoverBack } from "../ui/PopoverBack.tsx";
import { useLongPress } from "../ui/useLongPress.ts";

const w = t.composer;

/** Sends; its menu, by the arrow beside it or a long press, sends without notifying. Memoized: a keystroke does not render it. */
export const SendButton = memo(function SendButton({ off, onSilent }: { off: boolean; onSilent: () => void }) {
  const [open, setOpen] = useState(false);
  const press = useLongPress(useCallback(() => (off ? undefined : true), [off]), setOpen);
  const boxRef = useRef<HTMLSpanElement>(null);
  return (
    <>
      <span ref={boxRef} className="composer-send" onPointerDownCapture={press.onPointerDown}
        onContextMenu={(e) => {
          e.preventDefault();
          if (!off) setOpen(true);
        }}>
        <Button type="submit" look="main" isDisabled={off} aria-label={w.send} tip={w.send} shortcut="Enter"><Icon name="send" /></Button>
        {!isCoarse() && <Button look="main" className="button main composer-send-more" isDisabled={off} aria-label={w.sendMore} aria-haspopup="menu" tip={w.sendMore} onPress={() => setOpen(true)}><Icon name="up" /></Button>}
      </span>
      <Popover className="popover" aria-label={w.sendMore} triggerRef={boxRef} placement="top end" isOpen={open} onOpenChange={setOpen}>
        <PopoverBack />
        <Menu className="menu" autoFocus="first" aria-label={w.sendMore} onAction={() => onSilent()} onClose={() => setOpen(false)}>
          <MenuItem id="silent">{w.sendSilently}</MenuItem>
        </Menu>
      </Popover>
    </>
  );
});
