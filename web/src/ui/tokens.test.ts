// The contrast of the colours in tokens.css, in both themes, by WCAG 2.2.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { hueOf } from "./hue.ts";

const css = readFileSync(join(import.meta.dirname, "tokens.css"), "utf8");
const themes = ["light", "dark"] as const;
type Theme = (typeof themes)[number];
type Rgb = readonly [number, number, number]; // linear, 0 to 1

const tokens = new Map([...css.matchAll(/--([\w-]+): light-dark\((#\w{6}|oklch\(.*?\)\)), (#\w{6}|oklch\(.*?\)\))\)/g)].map((m) => [m[1]!, { light: m[2]!, dark: m[3]! }]));

function colour(name: string, theme: Theme, hue = 0): Rgb {
  const value = tokens.get(name)?.[theme];
  if (!value) throw new Error(`no token ${name}`);
  if (value.startsWith("#")) return [1, 3, 5].map((i) => linear(parseInt(value.slice(i, i + 2), 16) / 255)) as unknown as Rgb;
  const [l, c] = [...value.matchAll(/[\d.]+/g)].map((m) => Number(m[0]));
  return oklch(l!, c!, hue);
}

const linear = (v: number) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);

/** https://bottosson.github.io/posts/oklab/; what is outside of sRGB is clipped. */
function oklch(l: number, c: number, degrees: number): Rgb {
  const a = c * Math.cos((degrees * Math.PI) / 180), b = c * Math.sin((degrees * Math.PI) / 180);
  const [x, y, z] = [l + 0.3963377774 * a + 0.2158037573 * b, l - 0.1055613458 * a - 0.0638541728 * b, l - 0.0894841775 * a - 1.291485548 * b].map((v) => v ** 3) as [number, number, number];
  return [4.0767416621 * x - 3.3077115913 * y + 0.2309699292 * z, -1.2684380046 * x + 2.6097574011 * y - 0.3413193965 * z, -0.0041960863 * x - 0.7034186147 * y + 1.707614701 * z]
    .map((v) => Math.max(0, Math.min(1, v))) as unknown as Rgb;
}

const luminance = ([r, g, b]: Rgb) => 0.2126 * r + 0.7152 * g + 0.0722 * b;

function contrast(a: Rgb, b: Rgb): number {
  const [high, low] = [luminance(a), luminance(b)].sort((x, y) => y - x) as [number, number];
  return (high + 0.05) / (low + 0.05);
}

/** Returns the pairs below the ratio. */
const tooLow = (ratio: number, front: readonly string[], back: readonly string[]) => themes.flatMap((theme) => front.flatMap((f) => back.flatMap((b) => {
  const found = contrast(colour(f, theme), colour(b, theme));
  return found < ratio ? [`${f} on ${b}, ${theme}: ${found.toFixed(2)}`] : [];
})));

test("contrasts of known colours", () => {
  expect(contrast([0, 0, 0], [1, 1, 1])).toBe(21);
  expect(contrast(oklch(0.628, 0.2577, 29.23), [1, 1, 1])).toBeCloseTo(4, 1); // #f00
  expect(tokens.size).toBeGreaterThan(15);
});

const surfaces = ["paper", "raised", "sunk"];

test("texts have 4.5:1", () => {
  expect(tooLow(4.5, ["ink", "soft"], [...surfaces, "tint", "selected", "notice"])).toEqual([]);
  expect(tooLow(4.5, ["ink", "soft"], ["mark"])).toEqual([]);
  expect(tooLow(4.5, ["accent", "danger"], [...surfaces, "selected"])).toEqual([]);
  expect(tooLow(4.5, ["danger"], ["tint"])).toEqual([]); // in a menu, with the focus
  expect(tooLow(4.5, ["on-accent"], ["accent"])).toEqual([]);
  expect(tooLow(4.5, ["on-danger"], ["danger"])).toEqual([]);
  expect(tooLow(4.5, ["code-keyword", "code-string", "code-number", "code-name"], ["sunk"])).toEqual([]);
  expect(tooLow(4.5, ["paper"], ["ink", "soft"])).toEqual([]); // a toast, a count
});

test("fields, the focus and the bar of the selected row have 3:1", () => {
  expect(tooLow(3, ["edge", "accent"], surfaces)).toEqual([]);
  expect(tooLow(3, ["accent"], ["selected", "sunk"])).toEqual([]);
});

test("the selected row is told from the sidebar and from a hovered row without its bar, too", () => {
  expect(tooLow(1.2, ["selected"], ["sunk", "paper"])).toEqual([]);
});

test("avatars of all hues have 4.5:1 inside and 3:1 around them", () => {
  const low: string[] = [];
  for (const theme of themes) {
    for (let hue = 0; hue < 360; hue++) {
      const avatar = colour("avatar", theme, hue);
      if (contrast(colour("on-avatar", theme), avatar) < 4.5) low.push(`initials, ${theme}, ${hue}`);
      for (const back of [...surfaces, "selected"]) if (contrast(avatar, colour(back, theme)) < 3) low.push(`on ${back}, ${theme}, ${hue}`);
    }
  }
  expect(low).toEqual([]);
});

test("ids that differ in one character have different hues", () => {
  const hues = Array.from({ length: 36 }, (_, i) => hueOf(`VP7UON5YJ02S5wn${i.toString(36)}`));
  expect(new Set(hues).size).toBeGreaterThan(30);
  const sectors = new Set(hues.map((h) => Math.floor(h / 45)));
  expect(sectors.size).toBe(8);
});
