// A page on a fake connection, for the tests of the core.
import { IDBFactory } from "fake-indexeddb";
import { afterEach, beforeEach, vi } from "vitest";
import { Api } from "../api.ts";
import { Core } from "../core.ts";
import { openLocalDB } from "../localDB.ts";
import { pendingOf, rangeOf } from "../selectors.ts";
import { Log, user } from "./log.ts";
import { FakeWire } from "./wire.ts";

/** Fakes IndexedDB and the timers for each test of the file. */
export function fakeBrowser() {
  beforeEach(() => {
    vi.stubGlobal("indexedDB", new IDBFactory());
    vi.useFakeTimers({ toFake: ["Date", "performance", "setTimeout", "clearTimeout", "setInterval", "clearInterval"], now: 1_800_000_000_000 });
  });
  afterEach(() => {
    vi.unstubAllGlobals();
    vi.restoreAllMocks();
    vi.useRealTimers();
  });
}

/** Runs promises, storage and the timers of the next ms. */
export async function pass(ms = 0) {
  for (let i = 0; i < 5; i++) await new Promise((ok) => setImmediate(ok));
  await vi.advanceTimersByTimeAsync(ms);
  for (let i = 0; i < 5; i++) await new Promise((ok) => setImmediate(ok));
}

/** Opens a page of the user "me", a member of the chat "c", in a browser of its own. */
export async function page(answers: Record<string, () => unknown> = {}) {
  const log = new Log("c", ["me", "ann"]);
  const wires: FakeWire[] = [], asked: string[] = [];
  const api = new Api((url, init) => {
    const call = `${init!.method} ${(url as string).slice("/api".length)}`;
    asked.push(call);
    const all: typeof answers = { "GET /me": () => ({ user: user("me") }), "GET /chats/c": () => ({ chat: log.entry("me"), users: [] }), ...answers };
    const said = all[call]?.();
    const answer = (said: unknown) => {
      if (said instanceof Error) throw said;
      return said === undefined ? new Response(null, { status: 204 }) : new Response(JSON.stringify(said), { status: (said as { error?: unknown }).error ? 401 : 200 });
    };
    return Promise.resolve(said).then(answer);
  });
  const core = new Core(api, openLocalDB(), () => (wires.push(new FakeWire()), wires.at(-1)!));
  let told = 0;
  core.store.subscribe(() => told++);
  void core.start();
  await pass();
  const it = {
    core, log, wires, asked,
    wire: () => wires.at(-1)!,
    told: () => told,
    chat: () => core.store.snapshot.state.chats.get("c")!,
    greet: (...values: object[]) => it.wire().greets({ chats: [log.entry("me")], users: [user("ann")] }, ...values),
    /** Replies to the last history command. */
    history: async () => {
      const { id, do: _, chatId: __, ...w } = it.wire().last("history");
      it.wire().says({ re: id, ok: log.page("me", w) });
      await pass();
    },
    open: async () => {
      void core.load("c", {});
      await it.history();
    },
    texts: () => [...(rangeOf(it.chat())?.messages.map((m) => m.text) ?? []), ...pendingOf(core.store.snapshot.pending, "c").map((p) => `${p.text} ${p.state}`)],
  };
  return it;
}
