import { type ReactNode, useEffect } from "react";
import { RouterProvider } from "react-aria-components";
import { AuthPage } from "../auth/AuthPage.tsx";
import { ConnectionBanner } from "../notifications/ConnectionBanner.tsx";
import { clearNotifications } from "../notifications/Notifications.tsx";
import { t } from "../strings/index.ts";
import { Button } from "../ui/Button.tsx";
import { ErrorBoundary } from "../ui/ErrorBoundary.tsx";
import { useTimeZone } from "../ui/Time.tsx";
import { Toasts } from "../ui/Toast.tsx";
import { Layout } from "./Layout.tsx";
import { navigate, paths, secretOf, useHash } from "./route.ts";
import { useSnapshot } from "./useCore.ts";

export const App = () => <ErrorBoundary fallback={<CrashPage />}><Page /></ErrorBoundary>;

/** Uses nothing that may have failed itself. */
const CrashPage = () => <main className="centered stack"><h1>{t.app.name}</h1><p role="alert">{t.app.crashed}</p><p><button type="button" className="button main" onClick={() => location.reload()}>{t.app.reload}</button></p></main>;

function Page() {
  const phase = useSnapshot((s) => s.phase);
  const zone = useTimeZone(); // after a journey all times are shown anew
  const secret = secretOf(useHash());
  useEffect(() => {
    if (phase === "out" || phase === "otherUser") clearNotifications();
  }, [phase]);
  return (
    <RouterProvider navigate={navigate}>
      <ConnectionBanner />
      {phase === "starting" && <StatusPage text={t.app.loading} />}
      {phase === "unreachable" && <StatusPage text={t.app.unreachable}><Button onPress={() => location.reload()}>{t.app.retryNow}</Button></StatusPage>}
      {phase === "otherUser" && <OtherUserPage />}
      {/* A signed-in user who follows an invite joins its chat on the auth page. */}
      {(phase === "out" || (phase === "in" && secret)) && <AuthPage secret={secret} />}
      {phase === "in" && !secret && <Layout key={zone} />}
      <Toasts />
    </RouterProvider>
  );
}

/** Replaces the page after another user has signed in to this browser. */
function OtherUserPage() {
  const name = useSnapshot((s) => s.otherUser?.name ?? "");
  const storageProblem = useSnapshot((s) => s.storageProblem);
  const unsavedText = useSnapshot((s) => s.unsavedText);
  const kept = storageProblem ? unsavedText && t.notifications.notSaved[storageProblem] : t.notifications.savedForYou;
  // Keeps an invite in the address, but not the former user's chat.
  const goOn = () => (location.hash ? location.reload() : location.assign(paths.home));
  return <StatusPage title={t.app.otherUser} text={`${t.app.otherUserHint(name)} ${kept || ""}`}><Button look="main" onPress={goOn}>{t.app.continueAs(name)}</Button></StatusPage>;
}

function StatusPage({ title = t.app.name, text, children }: { title?: string; text: string; children?: ReactNode }) {
  useEffect(() => void (document.title = t.app.name), []); // the tab must not keep the name of a chat
  return <main className="centered stack"><h1>{title}</h1><p role="status">{text}</p>{children}</main>;
}
