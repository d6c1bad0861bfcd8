import { expect, test } from "vitest";
import { maxZoom, middle, moved, sideOf, zoomed } from "./crop.ts";
import { Random } from "../core/testkit/random.ts";

const wide = { width: 800, height: 400 };

test("the first square is the largest one, in the middle", () => {
  expect(middle(wide)).toEqual({ x: 400, y: 200, zoom: 1 });
  expect(sideOf(wide, middle(wide))).toBe(400);
});

test("it moves by parts of its side, and not out of the picture", () => {
  expect(moved(wide, middle(wide), 0.25, 0.25)).toEqual({ x: 500, y: 200, zoom: 1 });
  expect(moved(wide, middle(wide), 9, 0).x).toBe(600);
  expect(moved(wide, { x: 400, y: 200, zoom: 2 }, -9, -9)).toEqual({ x: 100, y: 100, zoom: 2 });
});

test("zooming keeps the point under the pointer where it is", () => {
  const c = zoomed(wide, middle(wide), 2, 0.75, 0.25);
  expect(c.zoom).toBe(2);
  const at = (c: { x: number; y: number }, side: number) => [c.x + 0.25 * side, c.y - 0.25 * side];
  expect(at(c, 200)).toEqual(at(middle(wide), 400));
});

test("zoom has bounds, and a small picture cannot be zoomed", () => {
  expect(zoomed(wide, middle(wide), 0.1)).toEqual(middle(wide));
  expect(zoomed(wide, middle(wide), 100).zoom).toBe(400 / 64);
  expect(maxZoom({ width: 9000, height: 9000 })).toBe(8);
  expect(maxZoom({ width: 40, height: 90 })).toBe(1);
});

test("after any moves the square is inside the picture", () => {
  const r = new Random(7);
  for (let n = 0; n < 200; n++) {
    const size = { width: 1 + r.below(3000), height: 1 + r.below(3000) };
    let c = middle(size);
    for (let i = 0; i < 20; i++) {
      c = r.chance(0.5) ? moved(size, c, r.below(400) / 100 - 2, r.below(400) / 100 - 2) : zoomed(size, c, r.below(900) / 100, r.below(100) / 100, r.below(100) / 100);
      const half = sideOf(size, c) / 2;
      for (const [at, length] of [[c.x, size.width], [c.y, size.height]] as const) {
        expect(at - half).toBeGreaterThanOrEqual(-1e-6);
        expect(at + half).toBeLessThanOrEqual(length + 1e-6);
      }
    }
  }
});
