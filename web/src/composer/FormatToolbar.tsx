import { type KeyboardEvent, memo } from "react";
import { t } from "../strings/index.ts";
import { Button } from "../ui/Button.tsx";
import { type Format, formatKeys, formats, isMac } from "./formats.ts";

const icons: Record<Format, string> = {
  bold: "M7 5h6a3.5 3.5 0 0 1 0 7H7zM7 12h7a3.5 3.5 0 0 1 0 7H7z",
  italic: "M10 5h8M6 19h8M14 5l-4 14",
  strike: "M4 12h16M17 7.5C16.5 6 15 5 12 5c-4.5 0-6 3.5-3.5 5.5M7 16.5C7.5 18 9 19 12 19c4 0 5.5-2 5-4.5",
  link: "M10 14a4 4 0 0 0 5.7 0l3-3A4 4 0 0 0 13 5.3l-1 1M14 10a4 4 0 0 0-5.7 0l-3 3a4 4 0 0 0 5.7 5.7l1-1",
  code: "M8 7l-5 5 5 5M16 7l5 5-5 5",
  codeBlock: "M3 5h18v14H3ZM10 9l-3 3 3 3M14 9l3 3-3 3",
  bullets: "M9 6h11M9 12h11M9 18h11M4.5 6h.01M4.5 12h.01M4.5 18h.01",
  numbers: "M10 6h10M10 12h10M10 18h10M4 4.5l1.5-1v5M3.8 15.5c.4-1.3 2.7-1.3 2.7.2 0 1-2.7 2.3-2.7 3.3h2.9",
  quote: "M4 5v14M9 8h11M9 12h11M9 16h7",
};

/** Buttons that format the selection of the composer. */
export const FormatToolbar = memo(function FormatToolbar({ onFormat }: { onFormat: (f: Format) => void }) {
  return (
    <div className="format-toolbar" role="toolbar" aria-label={t.composer.formatting} onKeyDown={moveFocus}>
      {formats.map((f, i) => (
        <Button key={f} look="plain icon" excludeFromTabOrder={i > 0} preventFocusOnPress aria-label={t.composer.formats[f]} shortcut={formatKeys[f] && `${isMac ? "⌘" : "Ctrl+"}${formatKeys[f]}`} onPress={() => onFormat(f)}>
          <svg className="icon-sign" viewBox="0 0 24 24" width="18" height="18" aria-hidden="true" focusable="false"><path d={icons[f]} /></svg>
        </Button>
      ))}
    </div>
  );
});

/** Arrows move among the buttons: the toolbar is one stop of Tab. */
function moveFocus(e: KeyboardEvent<HTMLElement>) {
  const all = [...e.currentTarget.querySelectorAll("button")];
  const at = all.indexOf(e.target as HTMLButtonElement);
  const step = { ArrowRight: 1, ArrowLeft: -1 }[e.key];
  if (at < 0 || !step) return;
  e.preventDefault();
  all[(at + step + all.length) % all.length]?.focus();
}
