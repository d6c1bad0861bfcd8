// Code fences and code spans, for the parser and for a text that is being written.

/** The beginning of a fence: its marker's sign and length, its indent, and what follows it on the line. */
export interface Fence { mark: string; length: number; indent: number; info: string }

/** Returns the fence that a line begins. Marks that the same line closes are no fence: ```ls -l```, ~~~ wow ~~~. */
export function fenceOf(line: string): Fence | undefined {
  const m = /^( {0,3})(`{3,}|~{3,})(.*)$/.exec(line);
  if (!m) return undefined;
  const mark = m[2]![0]!, info = m[3]!.trim();
  return info.includes(mark === "`" ? "`" : "~~~") ? undefined : { mark, length: m[2]!.length, indent: m[1]!.length, info };
}

/** Returns what stands on a line before the marks at its end that close a fence; undefined if it closes none. */
export function closingOf(line: string, f: Fence): string | undefined {
  let end = line.length;
  while (line[end - 1] === " " || line[end - 1] === "\t") end--;
  let from = end;
  while (line[from - 1] === f.mark) from--;
  return end - from >= f.length ? line.slice(0, from) : undefined;
}

/** Reports whether the caret is in an open code fence. */
export function inFence(text: string, caret: number): boolean {
  let open: Fence | undefined;
  for (const line of text.slice(0, caret).split("\n")) {
    if (!open) open = fenceOf(line);
    else if (closingOf(line, open) !== undefined) open = undefined;
  }
  return open !== undefined;
}

/** Reports whether the caret is in a code fence or after the opening backtick of a code span. */
export function inCode(text: string, caret: number): boolean {
  const line = text.slice(text.lastIndexOf("\n", caret - 1) + 1, caret);
  return (line.split("`").length - 1) % 2 === 1 || inFence(text, caret);
}
