import type { Linter } from "eslint";

export const structure: Linter.Config & { readonly rules: Linter.RulesRecord };
