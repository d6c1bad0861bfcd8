// The linter of the page's TypeScript; run by `npm run lint`, which `make test` does.
import js from "@eslint/js";
import hooks from "eslint-plugin-react-hooks";
import { defineConfig } from "eslint/config";
import tseslint from "typescript-eslint";

export default defineConfig(
  { ignores: ["dist", "node_modules"] },
  { linterOptions: { reportUnusedDisableDirectives: "error" } },
  {
    files: ["src/**/*.{ts,tsx}", "bench/*.ts", "vite.config.ts"],
    extends: [js.configs.recommended, tseslint.configs.recommendedTypeChecked, hooks.configs.flat["recommended-latest"]],
    languageOptions: { parserOptions: { projectService: true } },
    rules: {
      "@typescript-eslint/method-signature-style": "error", // a property's function has no `this` to lose
      "@typescript-eslint/no-unused-vars": ["error", { argsIgnorePattern: "^_", ignoreRestSiblings: true }], // `{ secret: _, ...rest }` leaves a field out
    },
  },
);
