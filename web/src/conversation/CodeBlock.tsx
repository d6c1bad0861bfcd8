import { type ReactNode, useEffect, useState } from "react";
import { t } from "../strings/index.ts";
import { copy } from "../ui/copy.ts";

type Highlight = (typeof import("./highlight.ts"))["highlight"];
let loaded: Highlight | undefined;

/** A code block with its language, a button that copies it, and colours once the highlighter is loaded. */
export function CodeBlock({ language, text, note }: { language: string; text: string; note: ReactNode }) {
  const [highlight, setHighlight] = useState(() => loaded);
  useEffect(() => {
    if (!language || highlight) return;
    let gone = false;
    import("./highlight.ts").then((m) => {
      loaded = m.highlight;
      if (!gone) setHighlight(() => loaded);
    }, () => {}); // it stays plain
    return () => void (gone = true);
  }, [language, highlight]);
  const tokens = language ? highlight?.(language, text) : undefined;
  return (
    <div className="code-block">
      <div className="code-block-strip"><span>{language && <bdi>{language}</bdi>} {note}</span><button type="button" className="button" onClick={() => copy(text)}>{t.conversation.copyCode}</button></div>
      <pre tabIndex={0} dir="ltr"><code>{tokens?.map((x, i) => (x.kind ? <span key={i} className={`code-${x.kind}`}>{x.text}</span> : x.text)) ?? text}</code></pre>
    </div>
  );
}
