import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { ESLint } from "eslint";
import ts from "typescript";
import tseslint from "typescript-eslint";
import { expect, test } from "vitest";
import { structure } from "../../structure.js";

const WEB = fileURLToPath(new URL("../..", import.meta.url));

/** Names of the rules that a text would break if it stood in a file of the tree. */
async function broken(file: string, text: string): Promise<(string | null)[]> {
  const eslint = new ESLint({ cwd: WEB, overrideConfigFile: true, overrideConfig: [{ ...structure, languageOptions: { parser: tseslint.parser } }] });
  const [result] = await eslint.lintText(text, { filePath: join(WEB, file) });
  return result?.messages.map(({ ruleId }) => ruleId) ?? [];
}

test.each([
  ["grid", "../state/ops"],
  ["grid", "../i18n"],
  ["i18n", "../state/notices"],
  ["state", "../stage/gestures"],
  ["state", "../ui/keys"],
  ["state", "../hook"],
  ["stage", "../ui/fullscreen"],
  ["ui", "../app"],
])("the linter refuses that %s imports %s, types too", async (folder, from) => {
  const file = `review/src/${folder}/planted.ts`;
  expect(await broken(file, `import "${from}";`)).toEqual(["import-x/no-restricted-paths"]);
  expect(await broken(file, `import type { Planted } from "${from}";`)).toEqual(["import-x/no-restricted-paths"]);
});

test.each([
  ["review/src/state/planted.ts", "../grid/geometry"],
  ["review/src/ui/planted.tsx", "../stage/overlay"],
  ["review/src/planted.ts", "./ui/room-page"],
])("the linter lets %s import %s", async (file, from) => {
  expect(await broken(file, `import "${from}";`)).toEqual([]);
});

test("the linter refuses a circle of imports", async () => {
  expect(await broken("review/src/grid/geometry.ts", 'import "./corners";')).toEqual([]);
  expect(await broken("review/src/state/tools.ts", 'import "./ops";\nimport "./tools";')).toEqual(["import-x/no-self-import"]);
  expect(await broken("sdk/src/core/events.ts", 'import "./session";')).toEqual(["import-x/no-cycle"]);
});

/** Imports of each file under a folder, types too, as paths; only those that lie there. */
function importsUnder(folder: string): Map<string, string[]> {
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((file) => /\.tsx?$/.test(file)).map((file) => join(folder, file));
  const known = new Set(files);
  const named = (from: string, name: string): string[] =>
    ["", ".ts", ".tsx", "/index.ts"].map((end) => resolve(dirname(from), name) + end).filter((path) => known.has(path));
  const imports = (file: string): string[] => ts.preProcessFile(readFileSync(file, "utf8")).importedFiles.flatMap(({ fileName }) => named(file, fileName));
  return new Map(files.map((file) => [file, imports(file)]));
}

/** Files that lie on a circle, or lead to one: those that are left when all that import nothing are taken away, again and again. */
function circular(graph: ReadonlyMap<string, readonly string[]>): string[] {
  const left = new Map(graph);
  for (let before = -1; before !== left.size; ) {
    before = left.size;
    for (const [file, imports] of left) if (!imports.some((each) => left.has(each))) left.delete(file);
  }
  return [...left.keys()];
}

// The linter leaves types out, for they are gone in the browser; a reader meets them all the same.
test.each([
  ["sdk/src", "core/events.ts", "core/session.ts"],
  ["review/src", "grid/geometry.ts", "state/ops.ts"],
])("%s has no circle of imports, types included", (folder, low, high) => {
  const [root, graph] = [join(WEB, folder), importsUnder(join(WEB, folder))];
  expect(circular(graph)).toEqual([]);
  // A planted import from a low file to a high one is found.
  expect(circular(new Map([...graph, [join(root, low), [join(root, high)]]]))).toContain(join(root, low));
});

test("a circle is found wherever it lies", () => {
  expect(circular(new Map([["a", ["b"]], ["b", ["c"]], ["c", ["b", "d"]], ["d", []]]))).toEqual(["a", "b", "c"]);
  expect(circular(new Map([["a", ["b", "c"]], ["b", ["c"]], ["c", []]]))).toEqual([]);
});
