import { expect, test } from "vitest";
import type { Line } from "../core/lines.ts";
import { user } from "../core/testkit/log.ts";
import { lineText } from "./lineText.ts";

const users = new Map(["me", "ann", "bob", "cat", "dan", "eve"].map((id) => [id, user(id)]));
const base = { seq: 5, at: 0, asOf: 5, by: "ann" };
const came = (by: string, ...who: string[]): Line => ({ ...base, by, what: "joined", users: who });
const went = (by: string, ...who: string[]): Line => ({ ...base, by, what: "left", users: who });
const text = (...lines: Line[]) => lineText(lines, "me", users);

test.each([
  [[came("bob", "bob")], "BOB joined."],
  [[came("me", "me")], "You joined."],
  [[came("bob", "bob"), came("me", "me")], "You and BOB joined."],
  [[came("bob", "bob"), came("me", "me"), came("cat", "cat")], "You, BOB and CAT joined."],
  [["bob", "cat", "dan", "eve", "me"].map((id) => came(id, id)), "You, BOB, CAT and 2 others joined."],
  [[came("ann", "bob", "me")], "ANN added you and BOB."],
  [[came("ann", "me")], "ANN added you."],
  [[came("ann", "bob", "cat", "dan", "me")], "ANN added you, BOB, CAT and DAN."],
  [[came("ann", "bob", "cat", "dan", "eve", "me")], "ANN added you, BOB, CAT and 2 others."],
  [[came("me", "bob", "cat")], "You added BOB and CAT."],
  [[went("bob", "bob")], "BOB left."],
  [[went("me", "me")], "You left."],
  [[went("ann", "me")], "ANN removed you."],
  [[went("me", "bob")], "You removed BOB."],
  [[{ ...came("me", "me"), seq: 1 }], "You created this chat."],
  [[{ ...came("ann", "ann", "bob", "me"), seq: 1 }], "ANN created this chat. You and BOB joined."],
  [[{ ...came("me", "me", "bob"), seq: 1 }], "You created this chat. BOB joined."],
] as [Line[], string][])("who came and went: %#", (lines, want) => expect(text(...lines)).toBe(want));

test.each([
  [[came("x", "x")], "Someone joined."],
  [[came("x", "x"), came("y", "y")], "2 people joined."],
  [[came("x", "x"), came("bob", "bob")], "BOB and 1 other joined."],
  [[came("x", "x"), came("me", "me")], "You and 1 other joined."],
  [["x", "y", "bob", "cat", "dan", "eve"].map((id) => came(id, id)), "BOB, CAT, DAN and 3 others joined."],
  [[came("ann", "x")], "ANN added someone."],
  [[came("ann", "x", "y", "z")], "ANN added 3 people."],
  [[came("x", "me", "y")], "Someone added you and 1 other."],
  [[went("x", "x")], "Someone left."],
  [[went("ann", "x")], "ANN removed someone."],
  [[went("x", "me")], "Someone removed you."],
  [[{ ...came("x", "x"), seq: 1 }], "Someone created this chat."],
  [[{ ...came("x", "x", "me"), seq: 1 }], "Someone created this chat. You joined."],
  [[{ ...came("x", "x", "y"), seq: 1 }], "Someone created this chat. Someone joined."],
  [[{ ...base, by: "x", what: "renamed", now: { title: "Shed" } }], "Someone renamed this chat to “Shed”."],
  [[{ ...base, by: "x", what: "renamed", now: undefined }], "Someone changed the chat's details."],
  [[{ ...base, by: "x", what: "renamed", now: { topic: "" } }], "Someone removed the topic."],
  [[{ ...base, by: "x", what: "renamed", now: { picture: "p" } }], "Someone changed the picture."],
  [[{ ...base, by: "x", what: "pinned", target: 2, on: true }], "Someone pinned a message."],
  [[{ ...base, by: "x", what: "pinned", target: 2, on: false }], "Someone unpinned a message."],
] as [Line[], string][])("who is not loaded yet: %#", (lines, want) => expect(text(...lines)).toBe(want));
