// Applies events to one message.
import { cutBytes } from "./text.ts";
import type { Event, Limits, Message, Posted, Quote, Reaction, Seq, UserId } from "./wire.ts";

const keptNames = 50; // of the users of one reaction; with more, a change makes the message unsure

/** A loaded message, at least as new as event asOf. silent: of one that came as an event. unsure: a reaction could not be counted, so the message must be fetched again. */
export interface LoadedMessage extends Message { readonly asOf: Seq; readonly silent?: boolean; readonly unsure?: boolean }

/** quote: bytes of a quoted text. */
export type MessageLimits = Pick<Limits, "quote">;

export function messageOf(e: Posted): LoadedMessage {
  const { event: _, n: __, clientId = "", text = "", ...rest } = e;
  return { ...rest, clientId, text, asOf: e.seq };
}

/** Returns the message as a reply quotes it; most: bytes of its text. */
export const quoteOf = (m: Message, most: number): Quote => ({ seq: m.seq, by: m.by, text: cutBytes(m.text, most), ...(!m.text && { files: m.files?.length }) });

/** Returns the message after e; m itself if e changes nothing. */
export function withEvent(m: LoadedMessage, e: Event, me: UserId, limits: MessageLimits): LoadedMessage {
  if (!("target" in e) || e.seq <= m.asOf) return m;
  if (m.reply?.seq === e.target) return withQuoteUpdated(m, e, limits);
  if (m.seq !== e.target || m.deletedAt) return m;
  switch (e.event) {
    case "edited": // one without a text was deleted later; that event follows
      return e.text ? { ...m, text: e.text, mentions: e.mentions, mentionsAll: e.mentionsAll, editedAt: e.at } : { ...m, editedAt: e.at };
    case "deleted":
      return { ...m, text: "", mentions: undefined, mentionsAll: undefined, files: undefined, reactions: undefined, pinned: undefined, deletedAt: e.at, unsure: undefined };
    case "reacted":
      return withReaction(m, e, me);
    case "pinned":
      return { ...m, pinned: e.on || undefined };
    default: // of a newer server
      return m;
  }
}

function withQuoteUpdated(m: LoadedMessage, e: Event, { quote }: MessageLimits): LoadedMessage {
  if (!m.reply) return m;
  if (e.event === "deleted") return { ...m, reply: { ...m.reply, text: "", files: undefined } };
  if (e.event === "edited" && e.text) return { ...m, reply: { ...m.reply, text: cutBytes(e.text, quote), files: undefined } };
  return m;
}

function withReaction(m: LoadedMessage, e: Event & { event: "reacted" }, me: UserId): LoadedMessage {
  const all = m.reactions ?? [];
  // The log forgets the emoji of a reaction that was taken back: which one this message loses is unknown.
  if (e.emoji === undefined) return e.on ? m : { ...m, unsure: true };
  const old: Reaction = all.find((r) => r.emoji === e.emoji) ?? { emoji: e.emoji, count: 0, mine: false, by: [] };
  const mine = e.by === me ? e.on : old.mine;
  // The list of names is cut, so it is unknown whether the count includes this user already.
  if (old.count > old.by.length) return { ...m, unsure: true, reactions: all.map((r) => (r === old ? { ...r, mine } : r)) };
  if (old.by.includes(e.by) === e.on) return m;
  const by = e.on ? [...old.by, e.by] : old.by.filter((u) => u !== e.by);
  const now = { emoji: e.emoji, count: by.length, mine, by: by.slice(0, keptNames) };
  const list = all.includes(old) ? all.map((r) => (r === old ? now : r)) : [...all, now];
  const left = list.filter((r) => r.count > 0);
  return { ...m, reactions: left.length ? left : undefined };
}
