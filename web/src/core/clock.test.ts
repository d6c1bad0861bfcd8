import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Clock } from "./clock.ts";

beforeEach(() => void vi.useFakeTimers({ now: 1_000_000 }));
afterEach(() => void vi.useRealTimers());

test("the sample with the shortest round trip wins, until a clock is set", () => {
  const clock = new Clock();
  expect(clock.now()).toBe(1_000_000);
  clock.addSample(1_060_500, 1_000_000, 1_001_000);
  expect(clock.now()).toBe(1_060_000);
  clock.addSample(1_060_090, 1_000_000, 1_000_100);
  expect(clock.now()).toBe(1_060_040);
  clock.addSample(1_061_000, 1_000_000, 1_001_000); // slower, and within its round trip
  expect(clock.now()).toBe(1_060_040);
  clock.addSample(5_000_000, 1_001_000, 1_000_000); // the local clock was set back meanwhile
  expect(clock.now()).toBe(1_060_040);
  clock.addSample(1_000_250, 1_000_000, 1_000_500);
  expect(clock.now()).toBe(1_000_000);
  clock.addSample(1_060_005, 1_000_000, 1_000_010);
  expect([clock.now(), clock.at(500)]).toEqual([1_060_000, 60_500]);
});
