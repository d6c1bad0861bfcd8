import { useState } from "react";
import { useCore } from "../app/useCore.ts";
import { explain } from "../strings/failure.ts";
import type { ChatId } from "../core/wire.ts";
import { t } from "../strings/index.ts";
import { Button } from "../ui/Button.tsx";
import { copy } from "../ui/copy.ts";
import QRCode from "./QRCode.tsx";

const m = t.settings;
const dayMs = 86_400_000;
const uses = [1, 5, 25, 100];
const lifetimes = [1, 7, 30];

interface Props {
  chatId?: ChatId;
  /** The link that is shown; without it the form that creates one. */
  made: MadeLink | undefined;
  onMade: (made: MadeLink) => void;
}

export interface MadeLink { readonly url: string; readonly lanUrl?: string; readonly days: number }

/** Reports whether the link leads to the machine on which it is opened. */
const isLocal = (url: string) => /^(localhost|127\.[\d.]+|\[::1\])$/.test(new URL(url).hostname);

/** Creates an invite link on a press. Opening the view creates none, because each link lets people in until it is used up. */
export function InviteLink({ chatId, made, onMade }: Props) {
  const core = useCore();
  const [wish, setWish] = useState({ uses: 25, days: 7 });
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState("");

  function make() {
    setBusy(true);
    setError("");
    core.api.invite({ chatId, uses: wish.uses, expiresAt: core.clock.now() + wish.days * dayMs }).then(
      ({ url, lanUrl }) => onMade({ url, lanUrl, days: wish.days }),
      (err) => setError(explain(err).message),
    ).finally(() => setBusy(false));
  }

  if (made) {
    const url = made.lanUrl ?? made.url;
    return (
      <>
        <div className="invite-link">
          <input className="input" readOnly value={url} aria-label={m.link} onFocus={(e) => e.target.select()} />
          <Button look="main" autoFocus onPress={() => copy(url)}>{m.copyLink}</Button>
        </div>
        {isLocal(url) ? <p className="notice" role="note">{m.linkIsLocal}</p> : <QRCode text={url} />}
        {made.lanUrl && <p className="hint">{m.linkInNetwork}</p>}
        <p className="hint">{m.linkOnce(m.days(made.days))}</p>
      </>
    );
  }
  return (
    <div className="invite-link-form">
      <label className="field"><span>{m.uses}</span>
        <select className="input" value={wish.uses} onChange={(e) => setWish({ ...wish, uses: Number(e.target.value) })}>{uses.map((n) => <option key={n}>{n}</option>)}</select>
      </label>
      <label className="field"><span>{m.expires}</span>
        <select className="input" value={wish.days} onChange={(e) => setWish({ ...wish, days: Number(e.target.value) })}>{lifetimes.map((n) => <option key={n} value={n}>{m.inDays(n)}</option>)}</select>
      </label>
      <Button look="main" isDisabled={busy} onPress={make}>{m.createLink}</Button>
      {error && <p className="error" role="alert">{error}</p>}
    </div>
  );
}
