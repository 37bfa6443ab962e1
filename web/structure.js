import { createTypeScriptImportResolver } from "eslint-import-resolver-typescript";
import { importX } from "eslint-plugin-import-x";

/** Folders of the page, lowest first: each imports only itself and those before it. */
const FOLDERS = ["grid", "i18n", "state", "stage", "ui"];

const within = (folder) => `./review/src/${folder}/**/*`;
/** `app.tsx`, `hook.ts` and `main.tsx` put the folders together. */
const TOP = "./review/src/*";

const zones = FOLDERS.map((folder, index) => ({
  target: within(folder),
  from: [...FOLDERS.slice(index + 1).map(within), TOP],
  message: `Folders of the page import in one direction: ${FOLDERS.join(" <- ")} <- app. Move what both need into the lower one.`,
}));

/** Which file may import which. `review/test/structure.test.ts` proves each rule by a planted import. */
export const structure = {
  files: ["**/*.ts", "**/*.tsx"],
  plugins: { "import-x": importX },
  settings: {
    // Without these two the rule for circles reads no TypeScript, and finds nothing.
    "import-x/extensions": [".ts", ".tsx"],
    "import-x/parsers": { "@typescript-eslint/parser": [".ts", ".tsx"] },
    "import-x/resolver-next": [
      createTypeScriptImportResolver({ noWarnOnMultipleProjects: true, project: ["sdk/tsconfig.json", "review/tsconfig.json"] }),
    ],
  },
  rules: {
    "import-x/no-cycle": "error",
    "import-x/no-self-import": "error",
    "import-x/no-restricted-paths": ["error", { basePath: import.meta.dirname, zones }],
  },
};
