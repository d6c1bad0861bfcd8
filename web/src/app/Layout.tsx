import { useEffect } from "react";
import { Notifications } from "../notifications/Notifications.tsx";
import { forgetInvitePrompts } from "../settings/invitePrompts.ts";
import { Sidebar } from "../sidebar/Sidebar.tsx";
import { OpenUserCard } from "../sidebar/UserName.tsx";
import { t } from "../strings/index.ts";
import { isolate } from "../strings/isolate.ts";
import { Button } from "../ui/Button.tsx";
import { isTouchOnly } from "../ui/coarse.ts";
import { Conversation } from "../conversation/Conversation.tsx";
import { listedChats } from "../core/selectors.ts";
import { lazyPart } from "./lazyPart.tsx";
import { loadParts, prefetchParts } from "./loadParts.ts";
import { navigate, paths, useRoute } from "./route.ts";
import { setServerName, useServerName } from "./serverName.ts";
import { useCore, useSnapshot } from "./useCore.ts";
import "./layout.css";
import "../search/search.css";
import "../settings/settings.css"; // these are here, since a failed style sheet of a chunk is not loaded again

const ProfilePage = lazyPart(async () => (await loadParts()).ProfilePage, { waiting: t.app.loading });
const MentionsPage = lazyPart(async () => (await loadParts()).MentionsPage, { waiting: t.app.loading });
const SearchPage = lazyPart(async () => (await loadParts()).SearchPage, { waiting: t.app.loading });
const ServerPage = lazyPart(async () => (await loadParts()).ServerPage, { waiting: t.app.loading });

/** The page of a path that does not exist. */
function NotFound() {
  useEffect(() => void (document.title = t.app.notFound), []);
  return <div className="centered stack"><h1>{t.app.notFound}</h1><p className="hint">{t.app.notFoundHint}</p><Button look="main" onPress={() => navigate(paths.home)}>{t.app.backToChats}</Button></div>;
}

/** Sidebar and main pane; a narrow screen shows one of them, depending on the address. */
export function Layout() {
  const route = useRoute();
  const first = useSnapshot((s) => (route.at === "home" ? listedChats(s.state)[0]?.id : undefined));
  useEffect(() => { // on a wide screen the main pane would be empty
    if (first && matchMedia("(min-width: 45.01rem)").matches) navigate(paths.chat(first), { replace: true });
  }, [first]);
  const core = useCore();
  useEffect(() => forgetInvitePrompts, []);
  const live = useSnapshot((s) => s.connection.state === "live");
  useEffect(() => (live ? prefetchParts() : undefined), [live]);
  const server = useServerName();
  useEffect(() => void core.api.server().then((s) => setServerName(s.name), () => {}), [core]);
  useEffect(() => {
    if (route.at === "home") document.title = isolate(server);
  }, [route.at, server]);
  return (
    <div className="layout" data-at={route.at}>
      <Notifications />
      <OpenUserCard />
      <Sidebar />
      <main className="layout-pane">
        {route.at === "home" && <p className="centered hint">{isTouchOnly() ? t.app.chooseChatTouch : t.app.chooseChat}</p>}
        {route.at === "chat" && <Conversation key={route.chatId} chatId={route.chatId} seq={route.seq} thread={route.thread} />}
        {route.at === "mentions" && <MentionsPage />}
        {route.at === "search" && <SearchPage q={route.q} />}
        {route.at === "me" && <ProfilePage />}
        {route.at === "nowhere" && <NotFound />}
        {route.at === "server" && <ServerPage />}
      </main>
    </div>
  );
}
