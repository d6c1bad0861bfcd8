import { type ComponentType, lazy, type LazyExoticComponent, Suspense, useEffect, useState } from "react";
import { t } from "../strings/index.ts";
import { Button } from "../ui/Button.tsx";
import { Dialog } from "../ui/Dialog.tsx";
import { ErrorBoundary } from "../ui/ErrorBoundary.tsx";
import { outdated } from "./outdated.ts";

/**
 * lazyPart returns a component that is loaded when it is first rendered. If it cannot be loaded, or throws, an error
 * with a retry button is shown in its place; look "dialog": inside a dialog, which onClose closes.
 */
export function lazyPart<P extends object>(load: () => Promise<ComponentType<P>>, look?: "dialog" | { waiting: string }): ComponentType<P> {
  const make = (): LazyExoticComponent<ComponentType<P>> => lazy(async () => {
    try {
      return { default: await load() };
    } catch (err) {
      Latest = make(); // React caches the failure of the old one
      throw err;
    }
  });
  let Latest = make();
  const waiting = typeof look === "object" && <p className="hint">{look.waiting}</p>;
  return function Part(props: P) {
    const [Content, setContent] = useState(() => Latest);
    const again = () => setContent(() => Latest);
    const close = look === "dialog" && "onClose" in props ? (props.onClose as () => void) : undefined;
    return <ErrorBoundary resetKey={Content} fallback={<Failed again={again} close={close} />}><Suspense fallback={waiting}><Content {...props} /></Suspense></ErrorBoundary>;
  };
}

function Failed({ again, close }: { again: () => void; close: (() => void) | undefined }) {
  const [old, setOld] = useState(false);
  useEffect(() => void outdated().then(setOld), []);
  const content = (
    <>
      <p role="alert">{old ? t.app.partOld : t.app.partFailed}</p>
      <div className="row end">
        {close && <Button onPress={close}>{t.app.close}</Button>}
        {old && <Button look="main" onPress={() => location.reload()}>{t.app.reload}</Button>}
        {!old && <Button look="main" onPress={again}>{t.app.retry}</Button>}
      </div>
    </>
  );
  return close ? <Dialog title={t.app.partTitle} isOpen onClose={close}>{content}</Dialog> : <div className="stack">{content}</div>;
}
