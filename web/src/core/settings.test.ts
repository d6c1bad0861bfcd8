import "fake-indexeddb/auto";
import { expect, test } from "vitest";
import { fakeBrowser, page, pass } from "./testkit/page.ts";

fakeBrowser();

test("an own setting shows at once, and goes back when the server refuses it", async () => {
  let answer: (() => unknown) = () => ({ mine: {} });
  const it = await page({ "PATCH /chats/c/mine": () => answer(), "PATCH /me": () => answer() });
  it.greet();
  const saving = it.core.changeMine("c", { starred: true });
  expect(it.chat().mine.starred).toBe(true);
  await saving;
  expect([it.chat().mine.starred, it.asked.at(-1)]).toEqual([true, "PATCH /chats/c/mine"]);

  answer = () => ({ error: { code: "forbidden", message: "no" } });
  const refused = it.core.changeMine("c", { starred: false, level: "none" });
  expect([it.chat().mine.starred, it.chat().mine.level]).toEqual([false, "none"]);
  it.wire().says({ signal: "mine", chatId: "c", mine: { ...it.chat().mine, level: "mentions" } }); // another device
  await expect(refused).rejects.toMatchObject({ code: "forbidden" });
  expect([it.chat().mine.starred, it.chat().mine.level]).toEqual([true, "mentions"]);

  const settings = it.core.changeSettings({ level: "none" });
  expect(it.core.store.snapshot.state.settings.level).toBe("none");
  await expect(settings).rejects.toMatchObject({ code: "forbidden" });
  expect(it.core.store.snapshot.state.settings.level).toBe("all");
});

test("muting ends by the server's clock", async () => {
  const it = await page();
  it.greet();
  const mine = { ...it.log.mine, mutedUntil: it.core.clock.now() + 5000 };
  it.wire().says({ signal: "mine", chatId: "c", mine });
  expect(it.chat().mine.mutedUntil).toBe(mine.mutedUntil);
  await pass(4990);
  expect(it.chat().mine.mutedUntil).toBe(mine.mutedUntil);
  await pass(20);
  expect(it.chat().mine.mutedUntil).toBe(0);
});
