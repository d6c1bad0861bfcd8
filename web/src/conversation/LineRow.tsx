import { memo } from "react";
import type { Line } from "../core/lines.ts";
import type { State } from "../core/state.ts";
import type { Seq, UserId } from "../core/wire.ts";
import { t } from "../strings/index.ts";
import { Time } from "../ui/Time.tsx";
import { lineText } from "./lineText.ts";

/** Lines of one kind in a row, as one: who joined, or what somebody changed. */
export const LineRow = memo(function LineRow({ lines, me, users, jump }: { lines: readonly Line[]; me: UserId; users: State["users"]; jump: (seq: Seq) => void }) {
  const last = lines.at(-1)!;
  return <li className="message-line"><span>{lineText(lines, me, users)}</span> {last.what === "pinned" && last.on && <button type="button" onClick={() => jump(last.target)}>{t.conversation.lines.show}</button>} <Time at={last.at} /></li>;
});
