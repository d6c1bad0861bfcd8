import { memo, useMemo } from "react";
import { useCore, useSnapshot } from "../app/useCore.ts";
import type { Held } from "../core/message.ts";
import { userOf } from "../core/select.ts";
import type { Quote, Seq, User, UserId } from "../core/wire.ts";
import { Name } from "../rail/WhoIs.tsx";
import { t } from "../strings/index.ts";
import { Avatar } from "../ui/Avatar.tsx";
import { exactTime, Time } from "../ui/Time.tsx";
import { Edit } from "./Edit.tsx";
import { Markdown } from "./Markdown.tsx";
import { Plain } from "./Plain.tsx";
import { Reactions } from "./Reactions.tsx";
import { Tools } from "./Tools.tsx";

export interface Deeds {
  reply(q: Quote): void;
  edit(seq: Seq | undefined): void;
  jump(seq: Seq): void;
  /** The mouse came to it. */
  hover(seq: Seq): void;
  /** Which message's tools are there; held while its menu is open, or a question that came from it. */
  activate(seq: Seq | undefined, held?: boolean): void;
}

interface Props {
  message: Held;
  user: User;
  /** The first of its author's in a row. */
  first: boolean;
  marked: boolean;
  /** resumed: it was left unfinished before. */
  editing: false | "now" | "resumed";
  /** It is hovered, focused or held: then its tools are there, and with "menu" open. */
  active: false | "tools" | "menu";
  deeds: Deeds;
}

export const Row = memo(function Row({ message: m, user, first, marked, editing, active, deeds }: Props) {
  return (
    <li className={`message${first ? " first" : ""}${marked ? " mark" : ""}`} data-seq={m.seq} data-active={active ? "" : undefined} tabIndex={-1}
      aria-label={`${user.name}, ${exactTime(m.at)}`}
      onPointerEnter={(e) => e.pointerType === "mouse" && deeds.hover(m.seq)}>
      <span className="gutter">{first ? <Avatar user={user} /> : <Time at={m.at} />}</span>
      <div>
        {first && <p className="who"><Name user={user} /><Time at={m.at} /></p>}
        {m.reply && <QuoteOf quote={m.reply} jump={deeds.jump} />}
        {editing ? <Edit message={m} resumed={editing === "resumed"} onDone={() => deeds.edit(undefined)} /> : m.deletedAt ? <p className="gone">{t.talk.deleted}</p> : m.mentions?.length ? <Mentioning text={m.text} mentions={m.mentions} /> : <Body text={m.text} />}
        {m.editedAt && !m.deletedAt && !editing && <span className="side" title={exactTime(m.editedAt)}>{t.talk.edited}</span>}
        {m.reactions && <Reactions message={m} />}
      </div>
      {active && !editing && <Tools message={m} name={user.name} open={active === "menu"} deeds={deeds} />}
    </li>
  );
});

const nobody: ReadonlySet<string> = new Set();

/** The few that name somebody wait for their handles. */
function Mentioning({ text, mentions }: { text: string; mentions: readonly UserId[] }) {
  const handles = useSnapshot((s) => mentions.map((u) => userOf(s.state, u).handle).join(" "));
  const named = useMemo(() => new Set(handles.split(" ").filter(Boolean)), [handles]);
  return <Body text={text} named={named} />;
}

export function Body({ text, named = nobody }: { text: string; named?: ReadonlySet<string> }) {
  const core = useCore();
  return <div className="body"><Plain text={text}><Markdown text={text} named={named} me={core.snapshot.state.me?.handle ?? ""} /></Plain></div>;
}

export function QuoteOf({ quote, jump }: { quote: Quote; jump(seq: Seq): void }) {
  const name = useSnapshot((s) => userOf(s.state, quote.by).name);
  return (
    <button type="button" className="quote" dir="auto" aria-label={`${t.talk.answerTo(name)}: ${quote.text || t.talk.quoteGone}`} onClick={() => jump(quote.seq)}>
      <b>{name}</b> {quote.text ? quote.text.replace(/\s+/g, " ") : <i>{t.talk.quoteGone}</i>}
    </button>
  );
}
