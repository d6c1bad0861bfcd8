// Measures the page against its budgets: `make bench-web`, or some stages of it. Prints the results
// and writes docs/web.md.
import { readFile, writeFile } from "node:fs/promises";
import { stages } from "./stages.mjs";
import { block, environment, table } from "./table.mjs";
import { createTestData, size } from "./testData.mjs";

const repeats = Number(process.env.REPEAT || 3);
const asked = process.argv.slice(2);
const wanted = Object.keys(stages).filter((name) => !asked.length || asked.includes(name));
const unknown = asked.filter((name) => !(name in stages));
if (unknown.length || !(repeats >= 1)) {
  console.error(`stages are ${Object.keys(stages).join(", ")}; REPEAT is how often each is measured`);
  process.exit(2);
}
const say = (text) => process.stderr.write(`  ${text}\n`);

const data = await createTestData(say);
const { h, ann } = data;
ann.setDefaultTimeout(120_000); // slowed, on a busy machine
const page = new URL("../../docs/web.md", import.meta.url);
let text = await readFile(page, "utf8"), missed = [];
try {
  const cdp = await ann.context().newCDPSession(ann);
  text = block(text, "environment", environment(repeats, h.browser.version(), size));
  for (const name of wanted) {
    say(name);
    const found = table(await stages[name]({ ...data, cdp, repeats }));
    console.log(`\n${name}\n${found.text}`);
    await writeFile(page, (text = block(text, name, found.text)));
    missed.push(...found.missed);
  }
} finally {
  await h.close();
}
for (const m of missed) console.log(`missed: ${m}`);
for (const f of h.faults) console.log(`fault: ${f}`);
process.exitCode = missed.length || h.faults.length ? 1 : 0;
