// Parses tables as GitHub's Markdown has them: a head, a line that aligns the columns, and rows. Each row needs a
// pipe, and nothing that was written is lost: the last cell of a row takes what is too much for its columns.
import type { Align, Block, Inline } from "./markdownTree.ts";
import type { Budget } from "./markdownBudget.ts";
import { readInlines } from "./markdownInlines.ts";

const columnsLine = /^ {0,3}\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*\|?[ \t]*$/;
const aroundTable = 4; // elements of the page around the rows

/** Reports whether the line is the head of a table: the next one aligns as many columns. */
export function tableBegins(lines: readonly string[], i: number, budget: Budget): boolean {
  const next = lines[i + 1];
  if (!next?.includes("|") || !lines[i]!.includes("|") || !/^[ \t|:-]*$/.test(next) || !columnsLine.test(next)) return false;
  return cellsOf(lines[i]!, budget).length === cellsOf(next, budget).length;
}

/** Returns the table that begins at i, and the line after it; no table if it has too many cells. ends reports whether a line begins another block. */
export function tableAt(lines: readonly string[], i: number, budget: Budget, ends: (line: string) => boolean): { table: Block | undefined; next: number } {
  const columns = cellsOf(lines[i + 1]!, budget).map(alignOf);
  const rows: Inline[][][] = [];
  const put = (line: string) => {
    const cells = cellsOf(line, budget, columns.length);
    rows.push(columns.map((_, c) => readInlines(cells[c] ?? "", budget)));
  };
  if (!budget.element(aroundTable + 1 + columns.length)) return { table: undefined, next: i + 2 };
  put(lines[i]!);
  let next = i + 2;
  for (; next < lines.length && lines[next]!.includes("|") && !ends(lines[next]!) && budget.element(1 + columns.length); next++) put(lines[next]!);
  return { table: { type: "table", columns, rows }, next };
}

function alignOf(cell: string): Align {
  const left = cell.startsWith(":"), right = cell.endsWith(":");
  return left && right ? "center" : right ? "right" : left ? "left" : undefined;
}

/** Returns the cells of a row, at most so many: the last one has the rest. A pipe after a backslash, or in code, separates nothing. */
function cellsOf(row: string, budget: Budget, most = Infinity): string[] {
  budget.step(1 + row.length);
  const line = row.trim();
  const cells: string[] = [];
  let from = line.startsWith("|") ? 1 : 0;
  const lastTick = line.lastIndexOf("`");
  for (let i = from; i < line.length; i++) {
    if (line[i] === "\\") i++;
    else if (line[i] === "`" && i < lastTick) i = line.indexOf("`", i + 1);
    else if (line[i] === "|" && cells.length < most - 1) {
      cells.push(line.slice(from, i));
      from = i + 1;
    }
  }
  const rest = line.slice(from);
  if (rest) cells.push(/(?<!\\)\|$/.test(rest) ? rest.slice(0, -1) : rest);
  return cells.map((c) => c.trim().replaceAll("\\|", "|"));
}
