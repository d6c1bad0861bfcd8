// Finds the rows of messages in the document.
import type { Seq } from "../core/wire.ts";

const selector = "li[data-seq]";

export const isMessage = (e: HTMLElement): boolean => e.matches(selector);
export const messagesIn = (box: ParentNode): NodeListOf<HTMLElement> => box.querySelectorAll<HTMLElement>(selector);
export const messageIn = (box: ParentNode | null | undefined, seq: Seq): HTMLElement | null => box?.querySelector<HTMLElement>(`li[data-seq="${seq}"]`) ?? null;
export const seqOf = (row: HTMLElement | null | undefined): Seq => Number(row?.dataset["seq"] ?? 0);
/** Returns the row in which an event happened. */
export const messageOfEvent = (e: { target: EventTarget }): HTMLElement | undefined => (e.target as Element).closest<HTMLElement>(selector) ?? undefined;
/** Returns that row's seq; 0 outside of messages. */
export const seqOfEvent = (e: { target: EventTarget }): Seq => seqOf(messageOfEvent(e));
