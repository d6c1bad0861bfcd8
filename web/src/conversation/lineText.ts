import type { Line } from "../core/lines.ts";
import type { UserId } from "../core/wire.ts";
import { t } from "../strings/index.ts";

const mostNames = 3;
const c = t.conversation.lines;

/** Returns the text of lines of one kind in a row. The reader is "You" as a subject, else "you", and comes first in a list. */
export function lineText(lines: readonly Line[], me: UserId, nameOf: (id: UserId) => string): string {
  const [line] = lines;
  const by = line!.by === me ? c.you : nameOf(line!.by);
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
      const users = [...new Set(lines.flatMap((l) => ("users" in l ? l.users : [])))];
      if (line!.seq === 1) return users.length > 1 ? `${c.created(by)} ${c.joined(names(users.filter((id) => id !== line!.by), c.you))}` : c.created(by);
      const own = isOwn(line!), joined = line!.what === "joined";
      if (own) return joined ? c.joined(names(users, c.you)) : c.left(names(users, c.you));
      return joined ? c.added(by, names(users, c.youToo)) : c.removed(by, names(users, c.youToo));
    }
  }

  function names(users: readonly UserId[], you: string): string {
    const all = users.includes(me) ? [me, ...users.filter((id) => id !== me)] : users;
    const shown = all.length > mostNames + 1 ? all.slice(0, mostNames) : all;
    return t.conversation.reactedBy(shown.map((id) => (id === me ? you : nameOf(id))), all.length - shown.length);
  }
}

/** Reports whether somebody came or went by themselves. */
const isOwn = (l: Line) => "users" in l && l.users.length === 1 && l.users[0] === l.by;
