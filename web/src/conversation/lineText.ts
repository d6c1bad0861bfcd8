// What the lines between the messages say.
import type { Line } from "../core/lines.ts";
import { namesOf } from "../core/selectors.ts";
import type { State } from "../core/state.ts";
import type { UserId } from "../core/wire.ts";
import { t } from "../strings/index.ts";

const mostNames = 3;
const c = t.conversation.lines;

/** Returns the sentence for lines of one kind in a row. Who is not loaded yet is "Someone", or counted after the names. */
export function lineText(lines: readonly Line[], me: UserId, users: State["users"]): string {
  const line = lines[0]!;
  const by = line.by === me ? c.you : users.get(line.by)?.name ?? c.someone(1);
  switch (line.what) {
    case "renamed": {
      const { now } = lines.at(-1) as Line & { what: "renamed" };
      if (!now) return c.changed(by);
      const all = [];
      if ("title" in now) all.push(c.renamed(by, now.title));
      if ("topic" in now) all.push(now.topic === "" ? c.noTopic(by) : c.topic(by, now.topic));
      if ("picture" in now) all.push(now.picture === "" ? c.noPicture(by) : c.picture(by));
      return all.join(" ");
    }
    case "pinned": return line.on ? c.pinned(by) : c.unpinned(by);
    case "joined":
    case "left": {
      const ids = [...new Set(lines.flatMap((l) => ("users" in l ? l.users : [])))];
      const alone = line.users.length === 1 && line.users[0] === line.by; // somebody came or went by themselves
      if (line.seq === 1) {
        const others = ids.filter((id) => id !== line.by);
        return others.length ? `${c.created(by)} ${c.joined(list(others, true))}` : c.created(by);
      }
      if (line.what === "joined") return alone ? c.joined(list(ids, true)) : c.added(by, list(ids, false));
      return alone ? c.left(list(ids, true)) : c.removed(by, list(ids, false));
    }
  }

  /** Lists people, oneself first. begins: at the start of the sentence. */
  function list(ids: readonly UserId[], begins: boolean): string {
    const { names, unknown } = namesOf({ users }, ids.filter((id) => id !== me));
    const all = ids.includes(me) ? [begins ? c.you : c.youToo, ...names] : names;
    if (!all.length && begins) return c.someone(unknown);
    const shown = all.length + unknown > mostNames + 1 ? all.slice(0, mostNames) : all; // "and 1 other" is no shorter than a name
    return t.conversation.namesAndOthers(shown, all.length + unknown - shown.length);
  }
}
