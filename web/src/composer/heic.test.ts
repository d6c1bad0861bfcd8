import { expect, test } from "vitest";
import { heicAsJpeg, isHeic } from "./heic.ts";

const file = (name: string, type = "") => new File(["heic"], name, { type });

test.each([
  [file("IMG_1.HEIC", "image/heic"), true],
  [file("burst", "image/heic-sequence"), true],
  [file("a.heif", "image/heif"), true],
  [file("IMG_1.HEIC"), true], // a browser that does not know the type
  [file("a.jpg", "image/jpeg"), false],
  [file("notes.heic.txt", "text/plain"), false],
  [file("a.heic", "text/plain"), false],
])("%o", (f, want) => {
  expect(isHeic(f)).toBe(want);
});

test("a browser that can decode it makes a JPEG picture of it", async () => {
  const jpeg = await heicAsJpeg(file("IMG_1.HEIC"), () => Promise.resolve(new Blob(["jpeg"])));
  expect([jpeg?.name, jpeg?.type, await jpeg?.text()]).toEqual(["IMG_1.jpg", "image/jpeg", "jpeg"]);
  expect((await heicAsJpeg(file("burst", "image/heic"), () => Promise.resolve(new Blob())))?.name).toBe("burst.jpg");
});

test("a browser that cannot leaves it as it is", async () => {
  expect(await heicAsJpeg(file("IMG_1.HEIC"), () => Promise.reject(new Error("cannot decode")))).toBeUndefined();
  expect(await heicAsJpeg(file("IMG_1.HEIC"), () => Promise.resolve(undefined))).toBeUndefined();
});
