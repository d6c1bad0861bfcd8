// Formats the figures as tables and puts them into docs/web.md.
import { execFileSync } from "node:child_process";
import { cpus, release } from "node:os";

/** Returns the table of a stage: the median of the runs and, in brackets, the lowest and the highest. */
export function table(rows) {
  const missed = [];
  const lines = rows.map(({ what, runs, text, unit, goal = "", met }) => {
    const each = runs?.map(summed);
    const cell = (of) => (each.every((r) => r.count === 1) && of !== "p50" ? "" : spread(each.map((r) => r[of]), unit));
    const result = met && (each ? { p50: middle(each, "p50"), p99: middle(each, "p99"), worst: middle(each, "worst") } : {});
    const judged = !met ? "" : met(result) ? "met" : "missed";
    if (judged === "missed") missed.push(`${what}: ${goal}`);
    return `| ${what} | ${each ? `${cell("p50")} | ${cell("p99")} | ${cell("worst")}` : `${text} | |`} | ${goal} | ${judged} |`;
  });
  return { text: ["| | p50 | p99 | worst | goal | |", "|---|---:|---:|---:|---|---|", ...lines].join("\n"), missed };
}

function summed(run) {
  const all = run.toSorted((a, b) => a - b);
  const at = (share) => all[Math.min(all.length - 1, Math.floor(all.length * share))];
  return { p50: at(0.5), p99: at(0.99), worst: all.at(-1), count: all.length };
}

const middle = (each, of) => each.map((r) => r[of]).toSorted((a, b) => a - b)[each.length >> 1];

function spread(values, unit) {
  const all = values.toSorted((a, b) => a - b).map((n) => n.toFixed(1));
  return `${all[all.length >> 1]} ${unit}` + (all.length > 1 ? ` [${all[0]}–${all.at(-1)}]` : "");
}

/** Returns the document with a block's content replaced. */
export function block(text, name, now) {
  const from = `<!-- begin ${name} -->\n`;
  if (!text.includes(from)) throw new Error(`docs/web.md has no place for ${name}`);
  const [before, rest] = text.split(from);
  return before + from + now + "\n" + rest.slice(rest.indexOf("<!-- end -->"));
}

export function environment(repeats, chromium, size) {
  const git = (...args) => execFileSync("git", args, { encoding: "utf8" }).trim();
  const rows = [["date", new Date().toISOString().slice(0, 10)], ["processor", `${cpus()[0].model.trim()}, ${cpus().length} cores that server, browser and the simulated users share`], ["kernel", `Linux ${release().split("-")[0]}`], ["Chromium", `${chromium}, headless, without a graphics processor`],
    ["Parley", git("describe", "--always", "--dirty")], ["test data", Object.entries(size).map(([k, n]) => `${n.toLocaleString("en")} ${k}`).join(", ")], ["repeats", `${repeats}, of which the median is given and, in brackets, the lowest and the highest`]];
  return ["| | |", "|---|---|", ...rows.map((r) => `| ${r.join(" | ")} |`)].join("\n");
}
