import { expect, test } from "vitest";
import { messageOf, withEvent } from "./message.ts";
import type { Event } from "./wire.ts";

const event = { chatId: "c", n: 1, at: 9, by: "bob" };
const limits = { quote: 200 };
const message = messageOf({ ...event, event: "posted", seq: 5, text: "hello", clientId: "k" });

test("a pin shows until the message is unpinned or deleted", () => {
  const pinned = withEvent(message, { ...event, event: "pinned", seq: 6, target: 5, on: true }, "me", limits);
  expect(pinned.pinned).toBe(true);
  expect(withEvent(pinned, { ...event, event: "pinned", seq: 7, target: 5, on: false }, "me", limits).pinned).toBeUndefined();
  expect(withEvent(pinned, { ...event, event: "deleted", seq: 7, target: 5 }, "me", limits).pinned).toBeUndefined();
});

test("an event of a newer server changes no message", () => {
  const unknown = { ...event, event: "framed", seq: 6, target: 5 } as unknown as Event;
  expect(withEvent(message, unknown, "me", limits)).toBe(message);
});
