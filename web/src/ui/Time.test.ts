import { afterEach, expect, test, vi } from "vitest";

const { DateTimeFormat } = Intl;
const at = new Date(2026, 0, 5, 18, 5).getTime();

/** Loads the module as in a browser of that language. */
async function timesIn(locale: string) {
  vi.resetModules();
  vi.spyOn(Intl, "DateTimeFormat").mockImplementation(function (_: unknown, o: Intl.DateTimeFormatOptions) {
    return new DateTimeFormat(locale, o);
  } as never);
  return import("./Time.tsx");
}
afterEach(() => vi.restoreAllMocks());

test("hours have no leading zero where the clock has 12 of them, and a bare time has no AM or PM", async () => {
  for (const [locale, full, bare] of [["en-US", /^6:05 PM$/, "6:05"], ["ko-KR", /^\D+ 6:05$/, "6:05"], ["de-DE", /^18:05$/, "18:05"], ["en-GB", /^18:05$/, "18:05"], ["ja-JP", /^18:05$/, "18:05"]] as const) {
    const { bareTime, clockTime } = await timesIn(locale);
    expect(clockTime(at).replace(/\s/g, " "), locale).toMatch(full);
    expect(bareTime(at), locale).toBe(bare);
  }
});
