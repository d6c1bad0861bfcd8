import type { Quote, Seq } from "../core/wire.ts";

/** What can be done from one message. */
export interface MessageActions {
  reply: (q: Quote) => void;
  edit: (seq: Seq | undefined) => void;
  jump: (seq: Seq) => void;
  /** The mouse came to it. */
  hover: (seq: Seq) => void;
  /** Which message's tools are there; held while its menu is open, or a question that came from it. */
  activate: (seq: Seq | undefined, held?: boolean) => void;
}
