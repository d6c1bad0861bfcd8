import { memo } from "react";
import type { Line } from "../core/lines.ts";
import { userOf } from "../core/selectors.ts";
import type { State } from "../core/state.ts";
import type { Seq, UserId } from "../core/wire.ts";
import { t } from "../strings/index.ts";
import { Time } from "../ui/Time.tsx";

const mostNames = 3;
const c = t.conversation.lines;

/** Lines of one kind in a row, as one: who joined, or what somebody changed. */
export const LineRow = memo(function LineRow({ lines, me, users, jump }: { lines: readonly Line[]; me: UserId; users: State["users"]; jump: (seq: Seq) => void }) {
  const last = lines.at(-1)!;
  return <li className="message-line"><span>{textOf(lines, (id) => (id === me ? c.you : userOf({ users }, id).name))}</span> {last.what === "pinned" && last.on && <button type="button" onClick={() => jump(last.target)}>{c.show}</button>} <Time at={last.at} /></li>;
});

function textOf(lines: readonly Line[], name: (id: UserId) => string): string {
  const [line] = lines;
  const by = name(line!.by);
  switch (line!.what) {
    case "renamed": {
      const { now } = lines.at(-1) as Line & { what: "renamed" };
      if (!now) return c.changed(by);
      const all = [];
      if ("title" in now) all.push(c.renamed(by, now.title));
      if ("topic" in now) all.push(now.topic === "" ? c.noTopic(by) : c.topic(by, now.topic));
      if ("picture" in now) all.push(now.picture === "" ? c.noPicture(by) : c.picture(by));
      return all.join(" ");
    }
    case "pinned": return line!.on ? c.pinned(by) : c.unpinned(by);
    case "joined":
    case "left": {
      const all = [...new Set(lines.flatMap((l) => ("users" in l ? l.users : [])))];
      const names = t.conversation.reactedBy(all.slice(0, all.length > mostNames + 1 ? mostNames : undefined).map(name), all.length > mostNames + 1 ? all.length - mostNames : 0);
      const own = isOwn(line!);
      if (line!.seq === 1) return all.length > 1 ? `${c.created(by)} ${c.joined(t.conversation.reactedBy(all.slice(1, mostNames + 1).map(name), all.length - 1 - mostNames))}` : c.created(by);
      if (line!.what === "joined") return own ? c.joined(names) : c.added(by, names);
      return own ? c.left(names) : c.removed(by, names);
    }
  }
}

/** Reports whether somebody came or went by themselves. */
const isOwn = (l: Line) => "users" in l && l.users.length === 1 && l.users[0] === l.by;
