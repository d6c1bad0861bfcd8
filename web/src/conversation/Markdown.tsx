import { Fragment, memo, type ReactNode } from "react";
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
}

/** Renders the parsed tree as elements; no text becomes HTML. */
export const Markdown = memo(function Markdown({ text, named, me }: Props) {
  const inlines = (all: readonly Inline[]): ReactNode => all.map((x, i) => <Fragment key={i}>{inline(x)}</Fragment>);
  const blocks = (all: readonly Block[]): ReactNode => all.map((x, i) => <Fragment key={i}>{block(x)}</Fragment>);

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
  function block(x: Block): ReactNode {
    switch (x.type) {
      case "paragraph": return <p dir="auto">{inlines(x.children)}</p>;
      case "heading": return <h2 className="markdown-heading" data-level={x.level} dir="auto">{inlines(x.children)}</h2>; // below the chat's title, whatever its level
      case "quote": return <blockquote>{blocks(x.children)}</blockquote>;
      case "list": {
        const items = x.items.map((item, i) => <li key={i} className={x.done[i] === undefined ? undefined : "markdown-task"} value={x.ordered ? x.numbers[i] : undefined} dir="auto">{x.done[i] !== undefined && <input type="checkbox" checked={x.done[i]} disabled aria-label={x.done[i] ? t.conversation.taskDone : t.conversation.taskOpen} />}{item.map((b, j) => <Fragment key={j}>{b.type === "paragraph" ? inlines(b.children) : block(b)}</Fragment>)}</li>);
        return x.ordered ? <ol data-kind={x.kind}>{items}</ol> : <ul>{items}</ul>;
      }
      case "table": {
        const [head = [], ...rows] = x.rows;
        const cells = (row: typeof head, Cell: "th" | "td") => <tr>{row.map((c, i) => <Cell key={i} data-align={x.columns[i]} dir="auto">{inlines(c)}</Cell>)}</tr>;
        return <div className="markdown-table" tabIndex={0} role="group" aria-label={t.conversation.table}><table><thead>{cells(head, "th")}</thead>{rows.length > 0 && <tbody>{rows.map((r, i) => <Fragment key={i}>{cells(r, "td")}</Fragment>)}</tbody>}</table></div>;
      }
      case "fence": return <CodeBlock language={x.language} text={x.text} />;
    }
  }
  return blocks(parse(text));
});

/** A line of plain text in which addresses are links. */
export const LinkedLine = memo(function LinkedLine({ text }: { text: string }) {
  return withLinks(text).map((x, i) => (x.type === "link" ? <Link key={i} href={x.href}>{(x.children[0] as { text: string }).text}</Link> : <Fragment key={i}>{"text" in x && x.text}</Fragment>));
});

const Link = ({ href, children }: { href: string; children: ReactNode }) => <a href={href} target="_blank" rel="noopener noreferrer">{children}</a>;
