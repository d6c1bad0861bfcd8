import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { decodeValues, encodeCommand, type Hello, type Limits, type Verb } from "./wire.ts";

// The Go tests use the same files, so neither side can change alone.
const golden = new URL("../../../wire/testdata/", import.meta.url);
const names = readdirSync(golden).filter((f) => f.endsWith(".json")).map((f) => f.slice(0, -5));
const clear = (name: string) => JSON.parse(readFileSync(new URL(`${name}.json`, golden), "utf8")) as { id: number; do: Verb };
const bytes = (name: string) => Uint8Array.from(Buffer.from(readFileSync(new URL(`${name}.hex`, golden), "utf8").trim(), "hex"));

test.each(names)("%s reads as its JSON says", (name) => {
  expect(decodeValues(bytes(name))).toEqual([clear(name)]);
});

test.each(names.filter((n) => n.startsWith("command-")))("%s has the bytes that the server reads", (name) => {
  const { id, do: verb, ...fields } = clear(name);
  expect(Buffer.from(encodeCommand(id, verb, fields)).toString("hex")).toBe(Buffer.from(bytes(name)).toString("hex"));
});

test("the limits of hello are those that the client knows", () => {
  const known: Required<{ [K in keyof Limits]: unknown }> = { text: 0, body: 0, message: 0, page: 0, quote: 0, readers: 0, sockets: 0, posts: 0, file: 0, files: 0 };
  const [hello] = decodeValues(bytes("reply-hello")) as unknown as [{ ok: Hello }];
  expect(Object.keys(hello.ok.limits).sort()).toEqual(Object.keys(known).sort());
});

test("there are golden files of each kind", () => {
  for (const kind of ["command-", "event-", "signal-", "reply-"]) expect(names.filter((n) => n.startsWith(kind)).length).toBeGreaterThan(5);
});

test("values back to back are all decoded, and a truncated one is an error", () => {
  const all = names.filter((n) => n.startsWith("event-"));
  const joined = Uint8Array.from(all.flatMap((n) => [...bytes(n)]));
  expect(decodeValues(joined)).toEqual(all.map(clear));
  expect(() => decodeValues(joined.slice(0, -1))).toThrow();
});

test("undefined fields are left out", () => {
  expect(decodeValues(encodeCommand(1, "post", { chatId: "c", clientId: "k", text: "x", replyTo: undefined })))
    .toEqual([{ id: 1, do: "post", chatId: "c", clientId: "k", text: "x" }]);
});
