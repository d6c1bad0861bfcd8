import { lazy, Suspense, useEffect, useState } from "react";
import { useCore } from "../app/useCore.ts";
import { asFailure } from "../core/failure.ts";
import type { ChatId } from "../core/wire.ts";
import { t } from "../strings/index.ts";
import { Button } from "../ui/Button.tsx";
import { copy } from "../ui/copy.ts";
import { Dialog } from "../ui/Dialog.tsx";
import "./me.css";

const QR = lazy(() => import("./QR.tsx"));
const m = t.me;
const dayMs = 86_400_000;
const uses = [1, 5, 25, 100];
const lifetimes = [1, 7, 30];

/** A link to a chat, or without one to the server. */
export default function InviteCard({ chatId, title, onClose }: { chatId?: ChatId; title: string; onClose(): void }) {
  const core = useCore();
  const [wish, setWish] = useState({ uses: 25, days: 7 });
  const [url, setUrl] = useState("");
  const [fault, setFault] = useState("");
  useEffect(() => {
    let gone = false;
    setUrl("");
    core.api.invite({ chatId, uses: wish.uses, expiresAt: core.clock.now() + wish.days * dayMs }).then(
      (made) => (gone ? void core.api.endInvite(made.invite.id) : setUrl(made.url)),
      (err) => gone || setFault(asFailure(err).message),
    );
    return () => void (gone = true);
  }, [core, chatId, wish]);
  return (
    <Dialog title={m.invite} isOpen onClose={onClose}>
      <p>{m.inviteTo(title)}</p>
      {fault ? <p className="fault" role="alert">{fault}</p> : (
        <div className="link-row">
          <input className="input" readOnly value={url} aria-label={m.link} onFocus={(e) => e.target.select()} />
          <Button look="main" isDisabled={!url} onPress={() => copy(url)}>{m.copy}</Button>
        </div>
      )}
      {url && <Suspense><QR text={url} /></Suspense>}
      <label className="field"><span className="hint">{m.uses}</span>
        <select className="input" value={wish.uses} onChange={(e) => setWish({ ...wish, uses: Number(e.target.value) })}>{uses.map((n) => <option key={n}>{n}</option>)}</select>
      </label>
      <label className="field"><span className="hint">{m.lasts}</span>
        <select className="input" value={wish.days} onChange={(e) => setWish({ ...wish, days: Number(e.target.value) })}>{lifetimes.map((n) => <option key={n} value={n}>{m.days(n)}</option>)}</select>
      </label>
      <div className="row end"><Button onPress={onClose}>{t.app.close}</Button></div>
    </Dialog>
  );
}
