import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { NotifyScheduler } from "./notifyScheduler.ts";

let frames: (() => void)[] = [];
beforeEach(() => {
  vi.useFakeTimers();
  frames = [];
  vi.stubGlobal("requestAnimationFrame", (draw: () => void) => frames.push(draw));
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});
const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);
const draw = () => {
  for (const f of frames.splice(0)) f();
  return pass(1);
};

test("changes during typing are notified together after a keystroke's frame", async () => {
  let told = 0;
  const scheduler = new NotifyScheduler(() => told++);
  scheduler.keystroke();
  scheduler.schedule();
  await pass(50);
  scheduler.schedule();
  expect(told).toBe(0);
  await draw();
  expect(told).toBe(1);
});

test("without a further keystroke the wait is short", async () => {
  let told = 0;
  const scheduler = new NotifyScheduler(() => told++);
  scheduler.keystroke();
  await draw();
  scheduler.schedule();
  await pass(199);
  expect(told).toBe(0);
  await pass(1);
  expect(told).toBe(1);
  await pass(200);
  scheduler.schedule(); // typing has ended
  expect(told).toBe(2);
});

test("a keystroke's frame does not end the pause of a slow device", async () => {
  let told = 0;
  const now = performance.now.bind(performance);
  let drew = 0;
  vi.spyOn(performance, "now").mockImplementation(() => now() + drew);
  const scheduler = new NotifyScheduler(() => {
    told++;
    drew += 20;
  });
  scheduler.schedule();
  await pass(0);
  scheduler.keystroke();
  scheduler.schedule();
  await draw();
  expect(told).toBe(1);
  await pass(80);
  scheduler.keystroke();
  await draw();
  expect(told).toBe(2);
  vi.restoreAllMocks();
});

test("a listener that throws does not end notifications", async () => {
  let told = 0;
  const scheduler = new NotifyScheduler(() => {
    if (++told === 1) throw new Error("no");
  });
  expect(() => scheduler.schedule()).toThrow("no");
  scheduler.schedule();
  await pass(16);
  expect(told).toBe(2);
});

test("flush notifies at once, and changes made by listeners are not lost", async () => {
  let told = 0;
  const scheduler: NotifyScheduler = new NotifyScheduler(() => {
    if (++told === 1) scheduler.schedule();
  });
  scheduler.keystroke();
  scheduler.schedule();
  scheduler.flush();
  expect(told).toBe(1);
  await pass(16); // a frame later, although there was a keystroke right before
  expect(told).toBe(2);
});
