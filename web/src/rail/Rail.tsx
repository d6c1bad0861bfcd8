import { lazy, Suspense, useEffect, useMemo, useRef, useState } from "react";
import { MenuTrigger, Menu, MenuItem, Popover } from "react-aria-components";
import { navigate, paths, useRoute } from "../app/route.ts";
import { useCore, useSnapshot } from "../app/useCore.ts";
import type { Chat } from "../core/chat.ts";
import type { ChatId } from "../core/wire.ts";
import { t } from "../strings/index.ts";
import { Button } from "../ui/Button.tsx";
import { Icon } from "../ui/Icon.tsx";
import { attempt } from "../ui/Toast.tsx";
import { ChatRow } from "./ChatRow.tsx";
import { held, ordered } from "./order.ts";
import { useDrafts } from "./useDrafts.ts";
import "./rail.css";

const NewChat = lazy(() => import("./NewChat.tsx"));
const Browse = lazy(() => import("./Browse.tsx"));
const Jump = lazy(() => import("./Jump.tsx"));
const Help = lazy(() => import("./Help.tsx"));
type Open = "new" | "browse" | "jump" | "help";

const r = t.rail;

export function Rail() {
  const core = useCore();
  const route = useRoute();
  const chats = useSnapshot((s) => s.state.chats);
  const admin = useSnapshot((s) => s.state.me?.role === "admin");
  const [server, setServer] = useState("Parley");
  const [open, setOpen] = useState<Open>();
  const [unreadFirst, setUnreadFirst] = useState(false);
  const drafts = useDrafts();
  useEffect(() => {
    core.api.server().then((s) => setServer(s.name), () => {});
    void core.storage?.settings().then((s) => setUnreadFirst(s.get("unreadFirst") === true), () => {});
  }, [core]);
  useEffect(() => {
    const onKey = (e: KeyboardEvent) => {
      if (!(e.ctrlKey || e.metaKey) || e.altKey) return;
      const what = e.key === "k" ? "jump" : e.key === "/" ? "help" : undefined;
      if (!what) return;
      e.preventDefault();
      setOpen(what);
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, []);

  const list = useRef<HTMLDivElement>(null);
  const [still, setStill] = useState(false);
  const ids = useOrder(chats, unreadFirst, still);
  const current = route.at === "chat" ? route.chatId : undefined;
  const rows = (kind: Chat["kind"]) => ids.flatMap((id) => {
    const c = chats.get(id);
    return c?.kind === kind ? [<li key={id}><ChatRow chat={c} current={id === current} draft={drafts.get(id)} /></li>] : [];
  });
  const groups = rows("group"), directs = rows("direct");

  function act(what: string | number) {
    if (what === "me" || what === "server") navigate(paths[what]);
    else if (what === "out") attempt(() => core.signOut());
    else if (what === "unread") {
      setUnreadFirst(!unreadFirst);
      attempt(async () => core.storage?.saveSetting("unreadFirst", !unreadFirst));
    } else setOpen(what as Open);
  }

  return (
    <nav className="rail" aria-label={r.chats}>
      <header>
        <h1 dir="auto">{server}</h1>
        <Button look="plain icon" aria-label={r.jump} onPress={() => setOpen("jump")}><Icon name="search" /></Button>
        <Button look="plain icon" aria-label={r.newChat} onPress={() => setOpen("new")}><Icon name="plus" /></Button>
        <MenuTrigger>
          <Button look="plain icon" aria-label={r.menu}><Icon name="more" /></Button>
          <Popover className="popover">
            <Menu className="menu" onAction={act}>
              <MenuItem id="me">{r.me}</MenuItem>
              {admin && <MenuItem id="server">{r.server}</MenuItem>}
              <MenuItem id="browse">{r.browse}</MenuItem>
              <MenuItem id="unread">{unreadFirst ? "✓ " : ""}{r.unreadFirst}</MenuItem>
              <MenuItem id="help">{r.help}</MenuItem>
              <MenuItem id="out">{r.signOut}</MenuItem>
            </Menu>
          </Popover>
        </MenuTrigger>
      </header>
      <div className="scroll" ref={list} onPointerEnter={(e) => e.pointerType === "mouse" && setStill(true)} onPointerLeave={() => setStill(false)}>
        {chats.size === 0 && <p className="whole hint">{r.none}</p>}
        {groups.length > 0 && <section aria-label={r.groups}><h2>{r.groups}</h2><ul>{groups}</ul></section>}
        {directs.length > 0 && <section aria-label={r.people}><h2>{r.people}</h2><ul>{directs}</ul></section>}
      </div>
      <Suspense>
        {open === "new" && <NewChat onClose={() => setOpen(undefined)} />}
        {open === "browse" && <Browse onClose={() => setOpen(undefined)} />}
        {open === "jump" && <Jump onClose={() => setOpen(undefined)} />}
        {open === "help" && <Help onClose={() => setOpen(undefined)} />}
      </Suspense>
    </nav>
  );
}

/** Nothing moves under the pointer. */
function useOrder(chats: ReadonlyMap<ChatId, Chat>, unreadFirst: boolean, still: boolean): readonly ChatId[] {
  const before = useRef<readonly ChatId[]>([]);
  const now = useMemo(() => ordered([...chats.values()], unreadFirst), [chats, unreadFirst]);
  const shown = still ? held(before.current, now) : now;
  useEffect(() => {
    before.current = shown;
  });
  return shown;
}
