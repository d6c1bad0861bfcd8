import { type CSSProperties, Fragment, memo, type ReactNode } from "react";
import { follow, ownPath } from "../app/route.ts";
import { differingHost } from "../core/linkHost.ts";
import { parse } from "../core/markdown.ts";
import { withLinks } from "../core/markdownLinks.ts";
import type { Block, Inline } from "../core/markdownTree.ts";
import { t } from "../strings/index.ts";
import { CodeBlock } from "./CodeBlock.tsx";

interface Props {
  text: string;
  /** The handles of the message's mentions. */
  named: ReadonlySet<string>;
  me: string;
  /** Stands behind the text, without a line of its own; title: its tooltip. */
  note?: string | undefined;
  noteTitle?: string | undefined;
}

/** Renders the parsed tree as elements; no text becomes HTML. */
export const Markdown = memo(function Markdown({ text, named, me, note, noteTitle }: Props) {
  const inlines = (all: readonly Inline[]): ReactNode => all.map((x, i) => <Fragment key={i}>{inline(x)}</Fragment>);
  const blocks = (all: readonly Block[], note?: ReactNode): ReactNode => all.map((x, i) => <Fragment key={i}>{block(x, i === all.length - 1 ? note : undefined)}</Fragment>);
  /** A line with its note behind it, which no sign of the line turns around. */
  const line = (all: readonly Inline[], note: ReactNode): ReactNode => (note ? <><span className="isolated">{inlines(all)}</span> {note}</> : inlines(all));

  function inline(x: Inline): ReactNode {
    switch (x.type) {
      case "text": return x.text;
      case "bold": return <strong>{inlines(x.children)}</strong>;
      case "italic": return <em>{inlines(x.children)}</em>;
      case "strike": return <s>{inlines(x.children)}</s>;
      case "code": return <code>{x.text}</code>;
      case "link": {
        const host = differingHost(x.href, x.children);
        // Isolated, so that no sign in the label turns the host around.
        const label = host ? <><bdi>{inlines(x.children)}</bdi> <bdi className="markdown-link-host">{`(${host})`}</bdi></> : inlines(x.children);
        return <Link href={x.href}>{label}</Link>;
      }
      case "mention": {
        const handle = x.handles.find((h) => named.has(h));
        const end = handle ? handle.length + 1 : 0;
        return <>{handle && <span className={handle === me ? "markdown-mention me" : "markdown-mention"}>{x.text.slice(0, end)}</span>}{x.text.slice(end)}</>;
      }
    }
  }
  function block(x: Block, note: ReactNode): ReactNode {
    switch (x.type) {
      case "paragraph": return <p dir="auto">{line(x.children, note)}</p>;
      case "heading": return <h2 className="markdown-heading" data-level={x.level} dir="auto">{line(x.children, note)}</h2>; // below the chat's title, whatever its level
      case "quote": return <blockquote>{blocks(x.children, note)}</blockquote>;
      case "list": {
        const items = x.items.map((item, i) => <li key={i} className={x.done[i] === undefined ? undefined : "markdown-task"} value={x.ordered ? x.numbers[i] : undefined} dir="auto">{x.done[i] !== undefined && <input type="checkbox" checked={x.done[i]} disabled aria-label={x.done[i] ? t.conversation.taskDone : t.conversation.taskOpen} />}{item.map((b, j) => {
            const own = i === x.items.length - 1 && j === item.length - 1 && note;
            return <Fragment key={j}>{b.type === "paragraph" ? line(b.children, own) : block(b, own)}</Fragment>;
          })}{i === x.items.length - 1 && !item.length && note}</li>);
        return x.ordered ? <ol data-kind={x.kind} style={{ "--digits": String(Math.max(...x.numbers)).length } as CSSProperties}>{items}</ol> : <ul>{items}</ul>;
      }
      case "table": {
        const [head = [], ...rows] = x.rows;
        const cells = (row: typeof head, Cell: "th" | "td") => <tr>{row.map((c, i) => <Cell key={i} data-align={x.columns[i]} dir="auto">{inlines(c)}</Cell>)}</tr>;
        return <div className="markdown-table" tabIndex={0} role="group" aria-label={t.conversation.table}><table><thead>{cells(head, "th")}</thead>{rows.length > 0 && <tbody>{rows.map((r, i) => <Fragment key={i}>{cells(r, "td")}</Fragment>)}</tbody>}</table>{note}</div>;
      }
      case "fence": return <CodeBlock language={x.language} text={x.text} note={note} />;
    }
  }
  return blocks(parse(text), note && <bdi className="message-note" title={noteTitle}>{note}</bdi>);
});

/** A line of plain text in which addresses are links. */
export const LinkedLine = memo(function LinkedLine({ text }: { text: string }) {
  return withLinks(text).map((x, i) => (x.type === "link" ? <Link key={i} href={x.href}>{(x.children[0] as { text: string }).text}</Link> : <Fragment key={i}>{"text" in x && x.text}</Fragment>));
});

/** A link to a message or another view of this page opens in place, any other in a new tab. */
function Link({ href, children }: { href: string; children: ReactNode }) {
  const path = ownPath(href);
  return path === undefined ? <a href={href} target="_blank" rel="noopener noreferrer">{children}</a> : <a href={href} onClick={(e) => follow(e, path)}>{children}</a>;
}
