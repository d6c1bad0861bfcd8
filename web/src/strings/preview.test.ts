import { expect, test } from "vitest";
import type { File } from "../core/wire.ts";
import { messagePreview } from "./preview.ts";

const file = (type: string, alt?: string): File => ({ id: "f", name: "a.bin", type, size: 1, thumb: false, alt });

test.each([
  ["Photo", [file("image/png")]], ["Photo: A pot of tea", [file("image/png", "A pot of tea")]], ["Video: A tour", [file("video/mp4", "A tour")]], ["Audio", [file("audio/mpeg")]],
  ["File: a.bin", [file("application/pdf")]], ["File: The plan", [file("application/pdf", "The plan")]], ["2 photos", [file("image/png", "A pot of tea"), file("image/png")]], ["Photo: " + "x".repeat(200), [file("image/png", "x".repeat(1000))]],
])("a message of files alone is shown as %j", (text, files) => {
  expect(messagePreview({ text: "", files }, 200).replace(/[\u2068\u2069]/g, "")).toBe(text);
  expect(messagePreview({ text: "**Look**", files }, 200)).toBe("Look");
});
