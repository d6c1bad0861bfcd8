import { useEffect, useMemo, useState } from "react";
import { useCore, useSnapshot } from "../app/useCore.ts";
import { type Completion, completionAt } from "../core/completion.ts";
import { fuzzyFind } from "../core/search.ts";
import { mayNameEverybody, userOf } from "../core/selectors.ts";
import type { ChatId, GroupMention, User } from "../core/wire.ts";
import { t } from "../strings/index.ts";
import { type Emoji, findEmoji, isNamed, loadEmoji } from "./emoji.ts";

/** meant: Enter takes it although nobody chose it. everyone: it names all members. */
export interface Suggestion { readonly key: string; readonly user?: User; readonly everyone?: boolean; readonly sign: string; readonly name: string; readonly put: string; readonly meant: boolean }

const most = 8;
const groupWords: readonly GroupMention[] = ["all", "here"];

/** Returns completions for the word at the caret: members first, then other users; or emoji. */
export function useSuggestions(chatId: ChatId, text: string, caret: number): { at: Completion | undefined; list: readonly Suggestion[] } {
  const core = useCore();
  const known = useSnapshot((s) => s.state.chats.get(chatId)?.members);
  const everyone = useSnapshot((s) => { const c = s.state.chats.get(chatId); return !!c && mayNameEverybody(c); });
  const users = useSnapshot((s) => s.state.users);
  const me = useSnapshot((s) => s.state.me?.id);
  const at = useMemo(() => completionAt(text, caret), [text, caret]);
  const [others, setOthers] = useState<{ query: string; users: readonly User[] }>();
  const [emoji, setEmoji] = useState<readonly Emoji[]>();
  const kind = at?.kind, query = at?.query ?? "";

  useEffect(() => {
    if (kind === "mention" && !known) core.loadMembers(chatId).catch(() => {});
  }, [core, kind, known, chatId]);
  useEffect(() => {
    let gone = false;
    if (kind === "mention" && query) core.api.users({ q: query, limit: most }).then((p) => gone || setOthers({ query, users: p.users.filter((u) => u.active) }), () => {});
    return () => void (gone = true);
  }, [core, kind, query]);
  useEffect(() => {
    if (kind === "emoji") loadEmoji().then(setEmoji, () => {});
  }, [kind]);

  // Never shows results of an earlier query: fast typists accept the first one without looking.
  const list = useMemo(() => {
    if (kind === "emoji") return (emoji ? findEmoji(emoji, query, most) : []).map((e) => ({ key: e.sign, sign: e.sign, name: e.name, put: e.sign, meant: isNamed(e, query) })).sort((a, b) => Number(b.meant) - Number(a.meant));
    if (kind !== "mention") return [];
    const members = [...(known?.keys() ?? [])].map((id) => userOf({ users }, id)).filter((u) => u.handle && u.active)
      .sort((a, b) => Number(a.id === me) - Number(b.id === me)); // nobody means to mention themselves
    const first = query ? fuzzyFind(query, members, (u) => [u.handle, u.name], most) : members.slice(0, most);
    const rest = query && others?.query === query ? others.users.filter((u) => !known?.has(u.id)) : [];
    const words = everyone ? groupWords.filter((x) => x.startsWith(query.toLowerCase())) : [];
    const groups = words.map((x) => ({ key: x, everyone: true, sign: "@" + x, name: t.composer.group[x], put: "@" + x, meant: query !== "" }));
    const named = (all: readonly User[], room: number) => all.slice(0, room).map((u) => ({ key: u.id, user: u, sign: "@" + u.handle, name: u.name, put: "@" + u.handle, meant: query !== "" }));
    const whole = groups.filter((g) => g.key === query.toLowerCase()); // it was typed to its end
    const further = groups.filter((g) => !whole.includes(g));
    return [...whole, ...named(first, most - groups.length), ...further, ...named(rest, most)].slice(0, most);
  }, [kind, query, known, others, emoji, users, me, everyone]);
  return { at, list };
}
