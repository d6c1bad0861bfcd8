import type { ReactNode } from "react";
import { RouterProvider } from "react-aria-components";
import { Door } from "../door/Door.tsx";
import { Banner } from "../notices/Banner.tsx";
import { t } from "../strings/index.ts";
import { Button } from "../ui/Button.tsx";
import { Toasts } from "../ui/Toast.tsx";
import { Crash } from "./Crash.tsx";
import { House } from "./House.tsx";
import { navigate, secretOf, useHash } from "./route.ts";
import { useSnapshot } from "./useCore.ts";

export const App = () => <Crash><Page /></Crash>;

function Page() {
  const phase = useSnapshot((s) => s.phase);
  const secret = secretOf(useHash());
  return (
    <RouterProvider navigate={navigate}>
      <Banner />
      {phase === "starting" && <Wait text={t.app.starting} />}
      {phase === "unreachable" && <Wait text={t.app.unreachable}><Button onPress={() => location.reload()}>{t.app.now}</Button></Wait>}
      {/* Somebody signed in who follows an invite joins its chat: the door knows. */}
      {(phase === "out" || (phase === "in" && secret)) && <Door secret={secret} />}
      {phase === "in" && !secret && <House />}
      <Toasts />
    </RouterProvider>
  );
}

const Wait = ({ text, children }: { text: string; children?: ReactNode }) => <main className="whole stack"><h1>{t.app.name}</h1><p role="status">{text}</p>{children}</main>;
