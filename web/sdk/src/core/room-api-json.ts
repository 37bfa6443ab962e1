/**
 * A request to which there is no good answer. `code` is stable: the server's own, or one of this
 * client's: `unreachable` if no answer came, `malformed` if the answer cannot be read, `unknown` if
 * the server gave no code.
 */
export class ApiError extends Error {
  constructor(
    /** HTTP status; 0 if there was no answer, or one that cannot be read. */
    readonly status: number,
    readonly code: string,
    text: string,
  ) {
    super(text);
    this.name = "ApiError";
  }
}

export interface Invitation {
  /** JSON Web Token for a new guest. */
  readonly token: string;
}

export interface Version {
  /** A number of 63 bits, as text. Rises from version to version. */
  readonly id: string;
  readonly base: string | undefined;
  /** Last revision that it holds. */
  readonly revision: number;
  /** Number of the author; 0 if the server committed by itself. */
  readonly author: number;
  readonly name: string;
  readonly message: string;
  /** Milliseconds since 1970. */
  readonly committedMs: number;
  readonly stateHash: string;
  readonly automatic: boolean;
}

export interface VersionsPage {
  readonly versions: readonly Version[];
  /** Value of `before` for the next page. */
  readonly next: string | undefined;
}

export interface ObjectRef {
  readonly author: number;
  readonly counter: number;
}

export interface Committed {
  readonly version: Version;
  /** Changes of others since the base that the commit's ops replaced. */
  readonly overwritten: readonly { readonly object: ObjectRef; readonly property: string; readonly author: number }[];
}

export interface Change {
  readonly object: ObjectRef;
  readonly difference: "added" | "deleted" | "restored" | "changed";
  /** Names of the properties with other values, and `points`. */
  readonly parts: readonly string[];
}

export interface Changes {
  readonly changes: readonly Change[];
  /** True if there are more than are listed. */
  readonly more: boolean;
}

export interface Restored {
  readonly revision: number;
  readonly target: number;
  /** Number of objects that changed. */
  readonly objects: number;
}

export interface FrameHistory {
  readonly frame: number;
  readonly objects: readonly ObjectRef[];
  /** Runs of revisions that changed one of them: first and last. */
  readonly revisions: readonly (readonly [number, number])[];
  /** Up to this revision nothing is listed any more. */
  readonly forgotten: number;
}

type Fields = Readonly<Record<string, unknown>>;

export function readProblem(json: unknown): { readonly code: string; readonly text: string } {
  const problem = typeof json === "object" && json !== null ? (json as Fields) : {};
  const { code, text } = problem;
  return typeof code === "string" && typeof text === "string" ? { code, text } : { code: "unknown", text: "no answer" };
}

export function readInvitation(json: unknown): Invitation {
  return { token: string(fields(json), "token") };
}

export function readVersion(json: unknown): Version {
  const from = fields(json);
  return {
    id: string(from, "id"),
    base: from["base"] === undefined ? undefined : string(from, "base"),
    revision: number(from, "revision"),
    author: number(from, "author"),
    name: string(from, "name"),
    message: string(from, "message"),
    committedMs: number(from, "committed_ms"),
    stateHash: string(from, "state_hash"),
    automatic: boolean(from, "automatic"),
  };
}

export function readVersions(json: unknown): VersionsPage {
  const from = fields(json);
  const next = from["next"] === undefined ? undefined : string(from, "next");
  return { versions: list(from["versions"]).map(readVersion), next };
}

export function readCommitted(json: unknown): Committed {
  const from = fields(json);
  const overwritten = list(from["overwritten"]).map(fields);
  return {
    version: readVersion(from["version"]),
    overwritten: overwritten.map((each) => ({
      object: object(each["object"]),
      property: string(each, "property"),
      author: number(each, "author"),
    })),
  };
}

export function readChanges(json: unknown): Changes {
  const from = fields(json);
  return { changes: list(from["changes"]).map(change), more: boolean(from, "more") };
}

function change(json: unknown): Change {
  const from = fields(json);
  const difference = string(from, "difference");
  switch (difference) {
    case "added":
    case "deleted":
    case "restored":
    case "changed":
      return { object: object(from["object"]), difference, parts: list(from["parts"]).map(String) };
    default:
      throw unreadable("difference");
  }
}

export function readRestored(json: unknown): Restored {
  const from = fields(json);
  return { revision: number(from, "revision"), target: number(from, "target"), objects: number(from, "objects") };
}

export function readFrames(json: unknown): readonly FrameHistory[] {
  return list(json).map((each) => {
    const from = fields(each);
    return {
      frame: number(from, "frame"),
      objects: list(from["objects"]).map(object),
      revisions: list(from["revisions"]).map(run),
      forgotten: number(from, "forgotten"),
    };
  });
}

function run(json: unknown): readonly [number, number] {
  const [first, last] = list(json);
  if (typeof first !== "number" || typeof last !== "number") throw unreadable("revisions");
  return [first, last];
}

function object(json: unknown): ObjectRef {
  const from = fields(json);
  return { author: number(from, "author"), counter: number(from, "counter") };
}

function fields(json: unknown): Fields {
  if (typeof json !== "object" || json === null) throw unreadable("an object");
  return json as Fields;
}

function list(json: unknown): readonly unknown[] {
  if (!Array.isArray(json)) throw unreadable("a list");
  return json;
}

function string(from: Fields, key: string): string {
  const value = from[key];
  if (typeof value !== "string") throw unreadable(key);
  return value;
}

function number(from: Fields, key: string): number {
  const value = from[key];
  if (typeof value !== "number") throw unreadable(key);
  return value;
}

function boolean(from: Fields, key: string): boolean {
  const value = from[key];
  if (typeof value !== "boolean") throw unreadable(key);
  return value;
}

function unreadable(what: string): ApiError {
  return new ApiError(0, "malformed", `the answer has no ${what}`);
}
