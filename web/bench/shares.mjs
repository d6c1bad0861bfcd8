// Where a page spends its time, from the browser's trace: milliseconds per second, by kind of work
// on the main thread, and by the other threads.
import { traced } from "./watch.mjs";

const kinds = [
  ["script", /^(FunctionCall|EvaluateScript|RunMicrotasks|TimerFire|EventDispatch|Fire|V8\.|v8\.|MinorGC|MajorGC)/],
  ["style and layout", /^(UpdateLayoutTree|Layout|IntersectionObserver)/],
  ["paint, up to what the compositor takes", /^(PrePaint|Paint|Layerize|Commit|UpdateLayer)/],
];
const behind = [["compositor", /^Compositor$/], ["raster", /^ThreadPool|Worker/], ["display, which draws without a graphics processor", /^VizCompositor/]];

/** Traces the page of this session while run runs. */
export async function shares(cdp, run) {
  let seconds;
  const events = await traced(cdp, ["devtools.timeline", "disabled-by-default-devtools.timeline", "toplevel"], async () => {
    const from = performance.now();
    await run();
    seconds = (performance.now() - from) / 1000;
  });
  const names = new Map(events.filter((e) => e.name === "thread_name").map((e) => [`${e.pid}/${e.tid}`, e.args.name]));
  const threads = new Map();
  for (const e of events) {
    const id = `${e.pid}/${e.tid}`;
    if (e.ph === "X") threads.has(id) ? threads.get(id).push(e) : threads.set(id, [e]);
  }
  const busy = (all) => alone(all).reduce((sum, [, us]) => sum + us, 0);
  const [main] = [...threads].filter(([id]) => names.get(id) === "CrRendererMain").map(([, all]) => all).sort((a, b) => busy(b) - busy(a));
  const sums = new Map([...kinds.map(([kind]) => [kind, 0]), ["the rest of the main thread", 0], ...behind.map(([kind]) => [kind, 0])]);
  const add = (kind, us) => sums.set(kind, sums.get(kind) + us / 1000 / seconds);
  for (const [name, us] of alone(main)) add(kinds.find(([, those]) => those.test(name))?.[0] ?? "the rest of the main thread", us);
  for (const [id, all] of threads) {
    const kind = behind.find(([, those]) => those.test(names.get(id) ?? ""))?.[0];
    if (kind) add(kind, busy(all));
  }
  return sums;
}

/** Returns each event's own time, without that of nested events. */
function alone(all) {
  const open = [], found = [];
  for (const e of all.toSorted((a, b) => a.ts - b.ts || b.dur - a.dur)) {
    while (open.length && open.at(-1).end <= e.ts) open.pop();
    const one = [e.name, e.dur ?? 0];
    if (open.length) open.at(-1).one[1] -= one[1];
    open.push({ end: e.ts + (e.dur ?? 0), one });
    found.push(one);
  }
  return found;
}
