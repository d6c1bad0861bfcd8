// The pinned messages of a chat.
import type { LoadedMessage } from "./message.ts";
import type { Event, Seq } from "./wire.ts";

export type Pins = ReadonlyMap<Seq, LoadedMessage | undefined>;

/** Returns the pins after e; pins itself if e changes nothing. change applies e to a message, find returns a loaded message of the chat. */
export function withPinEvent(pins: Pins, e: Event, change: (m: LoadedMessage) => LoadedMessage, find: (seq: Seq) => LoadedMessage | undefined): Pins {
  if (!("target" in e)) return pins;
  const now = new Map([...pins].map(([seq, m]) => [seq, m && change(m)]));
  if (e.event === "deleted" || (e.event === "pinned" && !e.on)) now.delete(e.target);
  else if (e.event === "pinned" && !now.has(e.target)) {
    const m = find(e.target);
    if (!m?.deletedAt) now.set(e.target, m && { ...m, pinned: true });
  }
  return now.size === pins.size && [...now].every(([seq, m]) => m === pins.get(seq)) ? pins : now;
}
