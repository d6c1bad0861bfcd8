import type { FileId, Message, Quote, Seq } from "../core/wire.ts";

/** The actions of a message row. */
export interface MessageActions {
  reply: (q: Quote) => void;
  edit: (seq: Seq | undefined) => void;
  jump: (seq: Seq) => void;
  /** Shows the thread of this first message; absent where it is shown already. */
  showThread?: (root: Seq) => void;
  /** Opens the viewer with a picture of a message. */
  view: (m: Message, file: FileId) => void;
  /** The mouse entered the row. */
  hover: (seq: Seq) => void;
  /** Shows a message's toolbar; held: with its menu or a dialog of it open. */
  activate: (seq: Seq | undefined, held?: boolean) => void;
}
