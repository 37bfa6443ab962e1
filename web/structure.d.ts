import type { Linter } from "eslint";

export const structure: Linter.Config;
