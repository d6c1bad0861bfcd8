import { useState } from "react";
import { useCore } from "../app/useCore.ts";
import { explain } from "../strings/failure.ts";
import { newId } from "../core/id.ts";
import { cut } from "../core/text.ts";
import type { User } from "../core/wire.ts";
import { t } from "../strings/index.ts";
import { Button } from "../ui/Button.tsx";
import { Dialog } from "../ui/Dialog.tsx";
import { Field } from "../ui/Field.tsx";
import { openChat, openDirectChat } from "./openChat.ts";
import { Combobox } from "./Combobox.tsx";
import { UserItem } from "./UserItem.tsx";
import { useUserSearch } from "./useUserSearch.ts";

const r = t.sidebar;
const titleLength = 40; // characters of a title made of names: at most 120 bytes, which any server takes

/** Creates a chat: one person makes a direct chat; several people, or a name, a group. */
export default function NewChat({ onClose }: { onClose: () => void }) {
  const core = useCore();
  const [clientId] = useState(newId);
  const [query, setQuery] = useState("");
  const [chosen, setChosen] = useState<readonly User[]>([]);
  const [title, setTitle] = useState("");
  const [open, setOpen] = useState(false);
  const [error, setError] = useState<{ field?: string; message: string }>();
  const { people: all, searching } = useUserSearch(query);
  const people = all.filter((u) => !chosen.some((c) => c.id === u.id));
  const group = chosen.length !== 1 || title.trim() !== "" || open;

  async function make() {
    if (!chosen.length && !title.trim()) return setError({ field: "", message: r.needsSome });
    const names = cut(r.titleOf([core.store.snapshot.state.me, ...chosen].flatMap((u) => u?.name ?? [])), titleLength);
    try {
      if (!group) await openDirectChat(core, chosen[0]!.id);
      else openChat(await core.createChat({ clientId, kind: "group", title: title.trim() || names, open, members: chosen.map((u) => u.id) }));
      onClose();
    } catch (err) {
      setError(explain(err));
    }
  }
  return (
    <Dialog title={r.newChat} look="palette" isOpen onClose={onClose}>
      {chosen.length > 0 && (
        <ul className="new-chat-chips" aria-label={r.added}>
          {chosen.map((u) => <li key={u.id}><Button aria-label={r.remove(u.name)} onPress={() => setChosen(chosen.filter((c) => c !== u))}><span dir="auto">{u.name}</span> ×</Button></li>)}
        </ul>
      )}
      <Combobox label={r.add} hint={r.addHint} items={people} keyOf={(u) => u.id} show={(u) => <UserItem user={u} />} query={query} onQuery={setQuery} none={searching ? undefined : r.noOne}
        onPick={(u) => { setChosen([...chosen, u]); setQuery(""); }} />
      <form className="stack" onSubmit={(e) => { e.preventDefault(); void make(); }}>
        <Field label={r.title} hint={r.titleHint} value={title} onChange={setTitle} autoComplete="off" error={error?.field === "title" ? error.message : undefined} />
        <label className="row"><input type="checkbox" checked={open} onChange={(e) => setOpen(e.target.checked)} />{r.open}</label>
        {error && error.field !== "title" && <p className="error" role="alert">{error.message}</p>}
        <div className="row end"><Button onPress={onClose}>{t.app.cancel}</Button><Button type="submit" look="main">{r.create}</Button></div>
      </form>
    </Dialog>
  );
}
