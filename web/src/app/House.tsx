import { useEffect } from "react";
import { Me } from "../me/Me.tsx";
import { ServerPage } from "../me/ServerPage.tsx";
import { Notices } from "../notices/Notices.tsx";
import { Rail } from "../rail/Rail.tsx";
import { WhoIs } from "../rail/WhoIs.tsx";
import { t } from "../strings/index.ts";
import { Talk } from "../talk/Talk.tsx";
import { chatsByActivity } from "../core/select.ts";
import { prefetchParts } from "./loadParts.ts";
import { navigate, paths, useRoute } from "./route.ts";
import { serverNamed, useServerName } from "./server.ts";
import { useCore, useSnapshot } from "./useCore.ts";
import "./house.css";

/** The two panes; on a phone one of them, and the address says which. */
export function House() {
  const route = useRoute();
  const first = useSnapshot((s) => (route.at === "home" ? chatsByActivity(s.state)[0]?.id : undefined));
  useEffect(() => { // with room for two panes one of them would be empty
    if (first && matchMedia("(min-width: 45.01rem)").matches) navigate(paths.chat(first), { replace: true });
  }, [first]);
  const core = useCore();
  const live = useSnapshot((s) => s.line.state === "live");
  useEffect(() => (live ? prefetchParts() : undefined), [live]);
  const server = useServerName();
  useEffect(() => void core.api.server().then((s) => serverNamed(s.name), () => {}), [core]);
  useEffect(() => {
    if (route.at === "home") document.title = server;
  }, [route.at, server]);
  return (
    <div className="house" data-at={route.at}>
      <Notices />
      <WhoIs />
      <Rail />
      <main className="pane">
        {route.at === "home" && <p className="whole hint">{t.app.choose}</p>}
        {route.at === "chat" && <Talk key={route.chatId} chatId={route.chatId} seq={route.seq} />}
        {route.at === "me" && <Me />}
        {route.at === "server" && <ServerPage />}
      </main>
    </div>
  );
}
