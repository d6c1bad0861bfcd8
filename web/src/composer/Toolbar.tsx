import { memo, type RefObject, useCallback, useEffect, useState, useSyncExternalStore } from "react";
import { loadParts } from "../app/loadParts.ts";
import { t } from "../strings/index.ts";
import { Button } from "../ui/Button.tsx";
import { Icon } from "../ui/Icon.tsx";
import type { Format } from "./formats.ts";
import { applyFormat } from "./formatting.ts";

const key = "parley-toolbar";
const loadAfterMs = 1000; // what is in view at the start loads first
const compact = matchMedia("(max-width: 45rem), (pointer: coarse)");
const watchCompact = (changed: () => void) => {
  compact.addEventListener("change", changed);
  return () => compact.removeEventListener("change", changed);
};

interface ToolbarState {
  /** Undefined where there is no switch: on a small screen the toolbar is shown while text is selected. */
  readonly on: boolean | undefined;
  readonly toggle: () => void;
}

/** Whether the toolbar is shown, which this device remembers. */
export function useToolbar(): ToolbarState {
  const small = useSyncExternalStore(watchCompact, () => compact.matches);
  const [on, setOn] = useState(() => {
    try {
      return localStorage.getItem(key) !== "off";
    } catch {
      return true; // storage is blocked
    }
  });
  const toggle = useCallback(() => setOn((was) => {
    try {
      localStorage.setItem(key, was ? "off" : "on");
    } catch {
      // storage is blocked: it is for this page only
    }
    return !was;
  }), []);
  return { on: small ? undefined : on, toggle };
}

type Content = Awaited<ReturnType<typeof loadParts>>["FormatToolbar"];
let loaded: Content | undefined;

/** The toolbar. It loads after what the page needs at its start, and has its space before. */
export const Toolbar = memo(function Toolbar({ fieldRef }: { fieldRef: RefObject<HTMLTextAreaElement | null> }) {
  const [Shown, setShown] = useState(() => loaded);
  useEffect(() => {
    if (loaded) return;
    let gone = false;
    const load = () => loadParts().then(({ FormatToolbar }) => {
      loaded = FormatToolbar;
      if (!gone) setShown(() => FormatToolbar);
    }, () => {}); // the shortcuts try again
    const timer = setTimeout(() => void load(), loadAfterMs);
    return () => {
      gone = true;
      clearTimeout(timer);
    };
  }, []);
  const format = useCallback((f: Format) => fieldRef.current && applyFormat(fieldRef.current, f), [fieldRef]);
  return Shown ? <Shown onFormat={format} /> : <div className="format-toolbar" />;
});

export const ToolbarButton = memo(({ on, onPress }: { on: boolean; onPress: () => void }) => <Button look="plain icon" aria-pressed={on} aria-label={on ? t.composer.hideFormatting : t.composer.showFormatting} onPress={onPress}><Icon name="format" /></Button>);
