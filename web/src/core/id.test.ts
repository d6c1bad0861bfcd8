import { expect, test, vi } from "vitest";
import { newId } from "./id.ts";

test("ids look like the server's, are unique, and sort by time", () => {
  const ids = Array.from({ length: 2000 }, () => newId(1_800_000_000_000));
  expect(new Set(ids).size).toBe(ids.length);
  expect([...ids].sort()).toEqual(ids);
  for (const id of ids) expect(id).toMatch(/^[0-9A-Z_a-z][0-9A-Za-z_-]{15}$/);
});

test("they need no secure context", () => {
  Object.defineProperty(crypto, "randomUUID", { value: undefined, configurable: true });
  try {
    expect(newId()).toHaveLength(16);
  } finally {
    Reflect.deleteProperty(crypto, "randomUUID"); // uncovers that of the prototype
  }
});

// The beginning of what chat.NewID returns for 2026-01-01T12:00:00Z.
test("the time is where the server has it", async () => {
  vi.resetModules();
  const fresh = await import("./id.ts");
  expect(fresh.newId(1767268800000).slice(0, 8)).toBe("VOhtQSN-");
});
