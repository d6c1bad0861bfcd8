import { memo, useEffect, useState } from "react";
import { Header, Menu, MenuItem, MenuSection, MenuTrigger, Popover } from "react-aria-components";
import { loadParts } from "../app/loadParts.ts";
import { lazyPart } from "../app/lazyPart.tsx";
import { follow, navigate, paths, useRoute } from "../app/route.ts";
import { useServerName } from "../app/serverName.ts";
import { useSnapshot } from "../app/useCore.ts";
import { unreadOf } from "../core/selectors.ts";
import { SignOut } from "../settings/SignOut.tsx";
import { t } from "../strings/index.ts";
import { Avatar } from "../ui/Avatar.tsx";
import { Button } from "../ui/Button.tsx";
import { isTouchOnly } from "../ui/coarse.ts";
import { Icon } from "../ui/Icon.tsx";
import { PopoverBack } from "../ui/PopoverBack.tsx";
import { ChatList } from "./ChatList.tsx";
import { openSearch, searches } from "./openSearch.ts";
import { useListSettings } from "./useListSettings.ts";
import "./sidebar.css";

const NewChat = lazyPart(async () => (await loadParts()).NewChat, "dialog");
const BrowseChats = lazyPart(async () => (await loadParts()).BrowseChats, "dialog");
const QuickSwitcher = lazyPart(async () => (await loadParts()).QuickSwitcher, "dialog");
const KeyboardHelp = lazyPart(async () => (await loadParts()).KeyboardHelp, "dialog");
type Open = "new" | "browse" | "jump" | "help" | "out";

const r = t.sidebar;

/** Memoized: Layout renders with each address and step of the connection. */
export const Sidebar = memo(function Sidebar() {
  const me = useSnapshot((s) => s.state.me);
  const admin = me?.role === "admin";
  const route = useRoute();
  const [open, setOpen] = useState<Open>();
  const { settings, sort, fold } = useListSettings(route.at === "chat" ? route.chatId : undefined);
  useEffect(() => {
    const onKey = (e: KeyboardEvent) => {
      if (searches(e)) {
        e.preventDefault();
        openSearch();
      }
      if (!(e.ctrlKey || e.metaKey) || e.altKey) return;
      const what = e.key.toLowerCase() === "k" ? "jump" : e.key === "/" ? "help" : undefined;
      if (!what) return;
      e.preventDefault();
      setOpen(what);
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, []);

  function act(what: string | number) {
    if (what === "me" || what === "server") navigate(paths[what]);
    else if (what === "newest" || what === "unread") sort(what === "unread");
    else setOpen(what as Open);
  }

  return (
    <nav className="sidebar" aria-label={r.chats}>
      <header>
        <ServerName />
        <Button look="plain icon" className="button plain icon sidebar-jump-icon" aria-label={r.jump} shortcut="Ctrl+K" onPress={() => setOpen("jump")}><Icon name="jump" /></Button>
        <Button look="plain icon" aria-label={r.newChat} onPress={() => setOpen("new")}><Icon name="plus" /></Button>
        <MenuTrigger>
          <Button look="plain icon" aria-label={r.menu}><Icon name="more" /></Button>
          <Popover className="popover">
            <PopoverBack />
            <Menu className="menu" onAction={act}>
              <MenuItem id="me">{r.settings}</MenuItem>
              {admin && <MenuItem id="server">{r.server}</MenuItem>}
              <MenuSection selectionMode="single" disallowEmptySelection selectedKeys={[settings.unreadFirst ? "unread" : "newest"]}>
                <Header className="menu-header">{r.order}</Header>
                <MenuItem id="newest">{r.newestFirst}</MenuItem>
                <MenuItem id="unread">{r.unreadFirst}</MenuItem>
              </MenuSection>
              {!isTouchOnly() && <MenuItem id="help">{r.help}</MenuItem>}
              <MenuItem id="out">{r.signOut}</MenuItem>
            </Menu>
          </Popover>
        </MenuTrigger>
      </header>
      <a className="sidebar-search" href={paths.search()} onClick={(e) => follow(e, paths.search())} aria-current={route.at === "search" ? "page" : undefined} aria-keyshortcuts="/ Control+Shift+F"><Icon name="search" /><span>{t.search.title}</span><kbd aria-hidden="true">{t.search.key}</kbd></a>
      <button type="button" className="sidebar-jump" onClick={() => setOpen("jump")}><Icon name="jump" /><span>{r.jump}</span></button>
      <MentionsLink here={route.at === "mentions"} />
      <ChatList settings={settings} onFold={fold} none={
        <div className="chat-list-none">
          <p className="hint">{r.none}</p>
          <Button look="main" onPress={() => setOpen("new")}>{r.start}</Button>
          <Button onPress={() => setOpen("browse")}>{r.browse}</Button>
        </div>
      } />
      <MenuTrigger>
        <Button look="plain" className="button plain sidebar-add"><Icon name="plus" />{r.addChats}</Button>
        <Popover className="popover" placement="top start">
          <PopoverBack />
          <Menu className="menu" onAction={(what) => setOpen(what as Open)}>
            <MenuItem id="new">{r.newChat}</MenuItem>
            <MenuItem id="browse">{r.browse}</MenuItem>
          </Menu>
        </Popover>
      </MenuTrigger>
      {me && <a className="sidebar-me" href={paths.me} onClick={(e) => follow(e, paths.me)} aria-current={route.at === "me" ? "page" : undefined}><Avatar user={me} size="small" /><span dir="auto">{me.name}</span></a>}
      {open === "new" && <NewChat onClose={() => setOpen(undefined)} />}
      {open === "browse" && <BrowseChats onClose={() => setOpen(undefined)} />}
      {open === "jump" && <QuickSwitcher onClose={() => setOpen(undefined)} />}
      {open === "out" && <SignOut onClose={() => setOpen(undefined)} />}
      {open === "help" && <KeyboardHelp onClose={() => setOpen(undefined)} />}
    </nav>
  );
});

/** A component of its own: the name comes after the first paint, and renders nothing else. */
function ServerName() {
  const server = useServerName();
  return <h1 dir="auto">{server}</h1>;
}

function MentionsLink({ here }: { here: boolean }) {
  const unread = useSnapshot((s) => unreadOf(s.state).mentions);
  return (
    <a className="sidebar-mentions" href={paths.mentions} onClick={(e) => follow(e, paths.mentions)} aria-current={here ? "page" : undefined}>
      <Icon name="at" /><span>{t.mentions.title}</span>{unread > 0 && <><span className="chat-row-count at" aria-hidden="true">{unread}</span><span className="sr">{t.mentions.unread(unread)}</span></>}
    </a>
  );
}
