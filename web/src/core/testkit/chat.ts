// The chat "c" of the user "me" with Ann and Bob, for the tests of the state.
import type { PageRequest } from "../chatModel.ts";
import { type Action, emptyState, reduce, type State } from "../state.ts";
import type { Event, Limits } from "../wire.ts";
import { Log, user } from "./log.ts";

export const me = "me";
export const people = [me, "ann", "bob"];

export function helloOf(log: Log, limits: Partial<Limits> = {}): Action {
  return { type: "hello", resumed: {}, ok: { epoch: "e", me: user(me), chats: [log.entry(me)], users: people.map(user), version: "1", now: 0, heartbeatMs: 25000, limits } };
}

/** Returns a chat with Ann's messages 2 to head, all loaded. */
export function held(messages: number, limits?: Partial<Limits>): { log: Log; state: State; say: (a: Action) => void; chat: () => NonNullable<ReturnType<State["chats"]["get"]>> } {
  const log = new Log("c", people);
  for (let i = 0; i < messages; i++) log.append({ event: "posted", by: "ann", clientId: `k${i}`, text: `t${i}` });
  const it = { log, state: reduce(emptyState, helloOf(log, limits)), say: (a: Action) => void (it.state = reduce(it.state, a)), chat: () => it.state.chats.get("c")! };
  const request: PageRequest = { window: {} };
  it.say({ type: "requestStarted", chatId: "c", request });
  it.say({ type: "page", chatId: "c", request, page: log.page(me, {}) });
  return it;
}
export const event = (e: Event): Action => ({ type: "event", event: e });
