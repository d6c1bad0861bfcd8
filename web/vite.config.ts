import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

// PARLEY is the URL of a running server, for `npm run dev`.
const parley = process.env.PARLEY ?? "http://127.0.0.1:8080";

export default defineConfig({
  plugins: [react()],
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
