import { type ReactNode, useEffect } from "react";
import { RouterProvider } from "react-aria-components";
import { Door } from "../door/Door.tsx";
import { Banner } from "../notices/Banner.tsx";
import { clearNotices } from "../notices/Notices.tsx";
import { t } from "../strings/index.ts";
import { Button } from "../ui/Button.tsx";
import { Toasts } from "../ui/Toast.tsx";
import { Crash } from "./Crash.tsx";
import { House } from "./House.tsx";
import { navigate, paths, secretOf, useHash } from "./route.ts";
import { useSnapshot } from "./useCore.ts";

export const App = () => <Crash><Page /></Crash>;

function Page() {
  const phase = useSnapshot((s) => s.phase);
  const secret = secretOf(useHash());
  useEffect(() => {
    if (phase === "out" || phase === "otherUser") clearNotices();
  }, [phase]);
  return (
    <RouterProvider navigate={navigate}>
      <Banner />
      {phase === "starting" && <Wait text={t.app.starting} />}
      {phase === "unreachable" && <Wait text={t.app.unreachable}><Button onPress={() => location.reload()}>{t.app.now}</Button></Wait>}
      {phase === "otherUser" && <OtherUser />}
      {/* Somebody signed in who follows an invite joins its chat: the door knows. */}
      {(phase === "out" || (phase === "in" && secret)) && <Door secret={secret} />}
      {phase === "in" && !secret && <House />}
      <Toasts />
    </RouterProvider>
  );
}

/** What this page showed is another person's: it shows nothing of it any more. */
function OtherUser() {
  const name = useSnapshot((s) => s.other?.name ?? "");
  const notKept = useSnapshot((s) => s.notKept);
  const atRisk = useSnapshot((s) => s.atRisk);
  const kept = notKept ? atRisk && t.notices.notKept[notKept] : t.notices.keptForYou;
  // An invite in the address stays there; the former user's chat does not.
  const goOn = () => (location.hash ? location.reload() : location.assign(paths.home));
  return <Wait title={t.app.otherUser} text={`${t.app.otherUserWhy(name)} ${kept || ""}`}><Button look="main" onPress={goOn}>{t.app.continueAs(name)}</Button></Wait>;
}

function Wait({ title = t.app.name, text, children }: { title?: string; text: string; children?: ReactNode }) {
  useEffect(() => void (document.title = t.app.name), []); // nor does the tab's name keep the chat's
  return <main className="whole stack"><h1>{title}</h1><p role="status">{text}</p>{children}</main>;
}
