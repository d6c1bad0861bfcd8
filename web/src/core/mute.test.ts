import { expect, test } from "vitest";
import { muteEnd } from "./mute.ts";

test("muting ends after some hours, or in the morning of tomorrow", () => {
  const evening = new Date(2030, 4, 31, 23, 10, 5).getTime();
  expect(muteEnd("hour", evening)).toBe(evening + 3_600_000);
  expect(muteEnd("hours", evening)).toBe(evening + 8 * 3_600_000);
  expect(muteEnd("tomorrow", evening)).toBe(new Date(2030, 5, 1, 8).getTime());
  expect(muteEnd("tomorrow", new Date(2030, 4, 31, 0, 5).getTime())).toBe(new Date(2030, 5, 1, 8).getTime());
  expect(muteEnd("ever", evening)).toBe(-1);
});
