import { useState } from "react";
import { useSnapshot } from "../app/useCore.ts";
import { userOf } from "../core/selectors.ts";
import type { Message } from "../core/wire.ts";
import { UserItem } from "../sidebar/UserItem.tsx";
import { t } from "../strings/index.ts";
import { Button } from "../ui/Button.tsx";
import { Dialog } from "../ui/Dialog.tsx";

const r = t.conversation;

/** Who reacted to a message with an emoji, and buttons for the other emoji. */
export default function ReactionList({ message, emoji, onClose }: { message: Message; emoji?: string | undefined; onClose: () => void }) {
  const [chosen, setChosen] = useState(emoji);
  const all = message.reactions ?? [];
  const shown = all.find((x) => x.emoji === chosen) ?? all[0];
  const users = useSnapshot((s) => s.state.users);
  const known = shown?.by.filter((id) => users.has(id)) ?? [];
  const others = (shown?.count ?? 0) - known.length;
  return (
    <Dialog title={r.reactionsTitle} look="sheet" isOpen onClose={onClose}>
      <div className="reactions" role="group" aria-label={r.reactionsTitle}>
        {all.map((x) => <button key={x.emoji} type="button" className="button reaction" aria-pressed={x === shown} aria-label={r.showReactions(x.emoji, x.count)} onClick={() => setChosen(x.emoji)}>{x.emoji} {x.count}</button>)}
      </div>
      {shown ? (
        <ul className="combobox-list" aria-label={r.showReactions(shown.emoji, shown.count)}>
          {known.map((id) => <li key={id} className="option member"><UserItem user={userOf({ users }, id)} /></li>)}
          {others > 0 && <li className="option member hint">{r.moreReactions(others)}</li>}
        </ul>
      ) : <p className="hint" role="status">{r.noReactions}</p>}
      <div className="row end"><Button onPress={onClose}>{t.app.close}</Button></div>
    </Dialog>
  );
}
