import type { Quote, Seq } from "../core/wire.ts";

/** The actions of a message row. */
export interface MessageActions {
  reply: (q: Quote) => void;
  edit: (seq: Seq | undefined) => void;
  jump: (seq: Seq) => void;
  /** The mouse entered the row. */
  hover: (seq: Seq) => void;
  /** Shows a message's toolbar; held: with its menu or a dialog of it open. */
  activate: (seq: Seq | undefined, held?: boolean) => void;
}
