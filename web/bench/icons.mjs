// Renders the page's PNG icons from public/icon.svg. Run by `make pictures`; the output is committed.
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

const folder = new URL("../public/", import.meta.url);
const svg = await readFile(new URL("icon.svg", folder), "utf8");
// Systems crop a maskable icon: the background fills it, the sign is within the inner 80 %.
const whole = svg.replace(' rx="8"', "").replace(/<path /, '<path transform="translate(16 16) scale(.78) translate(-16 -16.5)" ');

const browser = await chromium.launch({ executablePath: process.env.CHROMIUM || "/usr/bin/chromium", args: ["--no-sandbox", "--disable-gpu"] });
const page = await browser.newPage();
for (const [name, size, drawing] of [["icon-192", 192, svg], ["icon-512", 512, svg], ["icon-maskable-512", 512, whole], ["apple-touch-icon", 180, whole]]) {
  await page.setViewportSize({ width: size, height: size });
  await page.setContent(`<body style="margin:0">${drawing.replace("<svg ", `<svg width="${size}" height="${size}" style="display:block" `)}`);
  await page.screenshot({ path: fileURLToPath(new URL(`${name}.png`, folder)), omitBackground: true });
}
await browser.close();
