import { useCallback, useEffect, useMemo, useState } from "react";
import { useCore, useSnapshot } from "../app/useCore.ts";
import { isEmpty } from "../core/selectors.ts";
import type { ChatId } from "../core/wire.ts";
import { attempt } from "../ui/Toast.tsx";
import { type ListSettings, type SectionName, sectionNames } from "./chatOrder.ts";

type Stored = Omit<ListSettings, "current">;
const initial: Stored = { unreadFirst: false, folded: new Set(), opened: new Set() };

/** The settings of the list of chats, kept on this device. */
export function useListSettings(current: ChatId | undefined): { settings: ListSettings; sort: (unreadFirst: boolean) => void; fold: (section: SectionName) => void } {
  const core = useCore();
  const [stored, setStored] = useState(initial);
  useEffect(() => {
    const names = (value: unknown) => (Array.isArray(value) ? (value as string[]) : []);
    void core.storage?.settings().then((s) => {
      if (!["unreadFirst", "folded", "opened"].some((name) => s.has(name))) return; // other sets would make and render the whole list again
      setStored((now) => ({
        unreadFirst: s.get("unreadFirst") === true,
        folded: new Set(sectionNames.filter((n) => names(s.get("folded")).includes(n))),
        opened: new Set([...names(s.get("opened")), ...now.opened]),
      }));
    }, () => {});
  }, [core]);
  const save = useCallback((name: string, value: unknown) => attempt(async () => core.storage?.saveSetting(name, value)), [core]);

  const opens = useSnapshot((s) => {
    const c = current === undefined ? undefined : s.state.chats.get(current);
    return c?.kind === "direct" && isEmpty(c) ? c.id : undefined;
  });
  if (opens && !stored.opened.has(opens)) setStored({ ...stored, opened: new Set([...stored.opened, opens]) });
  const { opened } = stored;
  useEffect(() => {
    if (opened.size) save("opened", [...opened]);
  }, [opened, save]);

  return {
    settings: useMemo(() => ({ ...stored, current }), [stored, current]),
    sort(unreadFirst) {
      setStored({ ...stored, unreadFirst });
      save("unreadFirst", unreadFirst);
    },
    fold(section) {
      const folded = new Set(stored.folded);
      if (!folded.delete(section)) folded.add(section);
      setStored({ ...stored, folded });
      save("folded", [...folded]);
    },
  };
}
