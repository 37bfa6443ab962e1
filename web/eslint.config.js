import js from "@eslint/js";
import tseslint from "typescript-eslint";
import { structure } from "./structure.js";

export default tseslint.config(
  { ignores: ["**/dist/**", "sdk/src/gen/**", "sdk/src/wasm/**", "structure.d.ts"] },
  js.configs.recommended,
  ...tseslint.configs.strictTypeChecked,
  {
    files: ["**/*.ts", "**/*.tsx"],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true, allowBoolean: true }],
      "@typescript-eslint/switch-exhaustiveness-check": ["error", { considerDefaultExhaustiveForUnions: true }],
      "@typescript-eslint/consistent-type-imports": ["error", { fixStyle: "inline-type-imports" }],
      "max-lines": ["error", { max: 400, skipBlankLines: true, skipComments: true }],
      "no-restricted-globals": ["error", "name", "event"],
    },
  },
  structure,
  {
    // The core knows no clock, timer, socket or random number of its own.
    files: ["sdk/src/core/**"],
    rules: {
      "no-restricted-globals": ["error", "setTimeout", "setInterval", "Date", "performance", "WebSocket", "window", "document", "crypto"],
      "no-restricted-properties": ["error", { object: "Math", property: "random" }],
      "no-restricted-imports": ["error", { patterns: [{ group: ["../web/*", "../wasm/*"] }] }],
    },
  },
  { files: ["**/*.js"], extends: [tseslint.configs.disableTypeChecked] },
);
