// The chats whose prompt is open, with the link that was created there: it is shown nowhere else, so it stays until the
// prompt is closed, also when somebody joined or another chat was looked at.
import type { ChatId } from "../core/wire.ts";
import { createStore } from "../ui/store.ts";
import type { MadeLink } from "./InviteLink.tsx";

let prompts: ReadonlyMap<ChatId, MadeLink | undefined> = new Map();
const store = createStore(prompts);
const set = (now: typeof prompts) => store.set((prompts = now));

export const useInvitePrompts = store.useValue;

export function keepInvitePrompt(chatId: ChatId, made = prompts.get(chatId)): void {
  if (!prompts.has(chatId) || made) set(new Map(prompts).set(chatId, made));
}

export function closeInvitePrompt(chatId: ChatId): void {
  set(new Map([...prompts].filter(([id]) => id !== chatId)));
}

/** Closes all, for the next user who signs in. */
export const forgetInvitePrompts = (): void => set(new Map());
