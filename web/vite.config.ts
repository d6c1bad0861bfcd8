import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import react from "@vitejs/plugin-react";
import type { Plugin } from "vite";
import { defineConfig } from "vitest/config";

// PARLEY is the URL of a running server, for `npm run dev`.
const parley = process.env.PARLEY ?? "http://127.0.0.1:8080";

/** Gives theme.js a name with a hash, as the other assets have: browsers keep it, and do not ask for it before the first paint. Vite does this for modules alone. */
function hashedTheme(): Plugin {
  const source = readFileSync(new URL("theme.js", import.meta.url));
  const fileName = `assets/theme-${createHash("sha256").update(source).digest("base64url").slice(0, 8)}.js`;
  return {
    name: "hashed-theme",
    apply: "build",
    generateBundle() {
      this.emitFile({ type: "asset", fileName, source });
    },
    transformIndexHtml: (html) => html.replace("/theme.js", `/${fileName}`),
  };
}

export default defineConfig({
  plugins: [react(), hashedTheme()],
  build: {
    outDir: "dist",
    // The content security policy is 'self': nothing inline, and no data: URLs except images.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  server: { proxy: { "/api": { target: parley, ws: true } } },
  preview: { proxy: { "/api": { target: parley, ws: true } } },
  test: { include: ["src/**/*.test.{ts,tsx}"] },
});
