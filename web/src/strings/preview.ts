// One line that stands for a message: in the sidebar, in notifications and in quotes.
import { plainText } from "../core/plainText.ts";
import { altText, fileKind } from "../core/selectors.ts";
import { cut } from "../core/text.ts";
import type { File, Message, Quote } from "../core/wire.ts";
import { t } from "./index.ts";

export function messagePreview(m: Pick<Message, "text" | "files">, most: number): string {
  return plainText(m.text, most) || (m.files ? filesPreview(m.files, most) : "");
}

/** Returns the text of a quote; "" if the quoted message was deleted. */
export function quotePreview(q: Quote): string {
  return plainText(q.text, 200) || (q.files ? t.files.count(q.files) : "");
}

function filesPreview(all: readonly File[], most: number): string {
  const [first] = all;
  if (!first) return "";
  const kind = fileKind(first.type);
  if (all.length > 1) return kind === "image" && all.every((one) => fileKind(one.type) === "image") ? t.files.photos(all.length) : t.files.count(all.length);
  if (kind === "other") return t.files.file(cut(altText(first), most));
  return t.files.preview(kind, first.alt && cut(first.alt, most));
}
