import { memo } from "react";
import type { Pending } from "../core/outbox.ts";
import { userOf } from "../core/selectors.ts";
import type { State } from "../core/state.ts";
import type { Seq, UserId } from "../core/wire.ts";
import { t } from "../strings/index.ts";
import { Button } from "../ui/Button.tsx";
import { dayName } from "../ui/Time.tsx";
import { LineRow } from "./LineRow.tsx";
import type { MessageActions } from "./messageActions.ts";
import { MessageRow } from "./MessageRow.tsx";
import { PendingRow } from "./PendingRow.tsx";
import type { Row } from "./rows.ts";
import type { ActiveMessage } from "./useActiveMessage.ts";

export interface Editing { readonly seq: Seq; readonly resumed?: boolean }

interface Props {
  rows: readonly Row[];
  /** What stands above the first message. */
  start?: string;
  /** What stands above the rows. */
  head: "loading" | "failed" | "empty" | "beginning" | undefined;
  onRetry: (() => void) | undefined;
  users: State["users"];
  me?: UserId;
  /** Local midnight. */
  today: number;
  /** The replies among the loaded messages, by the first message of their conversation; more: there may be others. */
  replies?: ReadonlyMap<Seq, number>;
  moreReplies?: boolean;
  /** The message that the address names. */
  target: Seq | undefined;
  editing: Editing | undefined;
  active: ActiveMessage | undefined;
  actions: MessageActions;
  onEditPending: (p: Pending) => void;
}

/** The rows of the list. Memoized: a message that comes out of view renders none of them. */
export const MessageLog = memo(function MessageLog({ rows, start, head, onRetry, replies, moreReplies = false, users, me = "", today, target, editing, active, actions, onEditPending }: Props) {
  return (
    <ol>
      {head === "failed" && <li className="centered"><p className="error" role="alert">{t.conversation.loadFailed}</p><Button onPress={onRetry}>{t.conversation.retry}</Button></li>}
      {head === "loading" && <li className="centered hint" role="status">{t.conversation.loading}</li>}
      {(head === "beginning" || head === "empty") && <li className="centered hint">{head === "empty" ? t.conversation.empty : start}</li>}
      {rows.map((r) => {
        switch (r.kind) {
          case "day": return <li key={r.key} className="message-day">{dayName(r.at, today)}</li>;
          case "divider": return <li key={r.key} className="message-divider">{t.conversation.newDivider}</li>;
          case "lines": return <LineRow key={r.key} lines={r.lines} me={me} users={users} jump={actions.jump} />;
          case "pending": return <PendingRow key={r.key} pending={r.pending} first={r.first} onEdit={onEditPending} />;
          case "message": {
            const { seq, by } = r.message;
            return <MessageRow key={r.key} message={r.message} user={userOf({ users }, by)} first={r.first} replies={replies?.get(seq) ?? 0} moreReplies={moreReplies} marked={target === seq} editing={editing?.seq === seq && (editing.resumed ? "resumed" : "now")} active={active?.seq === seq && (active.menu ? "menu" : "tools")} actions={actions} />;
          }
        }
      })}
    </ol>
  );
});
