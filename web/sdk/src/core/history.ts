import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { base64Encode } from "@bufbuild/protobuf/wire";
import { DocumentSnapshotSchema, OpBatchSchema, type DocumentSnapshot, type Op } from "../gen/fmz/v1/annotation_pb";
import { ClientMessageSchema } from "../gen/fmz/v1/session_pb";
import {
  HistoryError,
  readChanges,
  readCommitted,
  readFrames,
  readProblem,
  readRolledBack,
  readVersion,
  readVersions,
  type Changes,
  type Committed,
  type FrameHistory,
  type RolledBack,
  type Version,
  type VersionsPage,
} from "./history-json";

/** What a server answers to one request. */
export interface Answer {
  readonly status: number;
  bytes(): Promise<Uint8Array>;
  json(): Promise<unknown>;
}

/** Asks the server: `path` is that below `/api/v1`, a `body` goes as JSON. */
export type Ask = (method: "GET" | "POST", path: string, body?: unknown) => Promise<Answer>;

/** The author number that stands for the one who commits, in ids of a commit's ops. */
export const COMMITTER = 0xffff_ffff;

export interface Commit {
  readonly name?: string;
  readonly message?: string;
  /** The version that was worked on; the newest where absent. */
  readonly base?: string;
  /**
   * Changes made on `base`, with {@link COMMITTER} as the author of new objects, counted from 1.
   */
  readonly ops?: readonly Op[];
}

export type Target = { readonly version: string } | { readonly revision: number } | { readonly timeMs: number };

/** Frames of a media, both ends included. */
export interface FrameScope {
  /** Its id, as publications and stamps have it. */
  readonly media: string;
  readonly first: number;
  readonly last: number;
}

export interface Rollback {
  readonly to: Target;
  /**
   * Whose changes are taken back: everybody's where absent. All but `mine` need the grant `own`.
   */
  readonly of?: "all" | "mine" | { readonly author: number };
  readonly frames?: FrameScope;
}

export interface HistoryOptions {
  readonly ask: Ask;
  readonly room: string;
  /**
   * The session key of the page: what it commits is then its author's, and `mine`
   * means that author.
   */
  readonly sessionKey?: Uint8Array;
}

/**
 * Versions of a room's document, the way back, and the history of frames. Every method rejects
 * with {@link HistoryError}.
 */
export class History {
  private readonly root: string;
  private readonly key: { session_key?: string };

  constructor(private readonly options: HistoryOptions) {
    this.root = `/rooms/${encodeURIComponent(options.room)}`;
    this.key = options.sessionKey ? { session_key: base64Encode(options.sessionKey) } : {};
  }

  /** A page of versions, newest first. Give `next` of one page as `before` for the following. */
  async versions(page: { readonly before?: string; readonly limit?: number } = {}): Promise<VersionsPage> {
    return readVersions(await this.get("/versions", { before: page.before, limit: page.limit }));
  }

  async version(id: string): Promise<Version> {
    return readVersion(await this.get(`/versions/${encodeURIComponent(id)}`));
  }

  /** Keeps the state under a name, after the changes that come with it. */
  async commit({ name = "", message = "", base, ops = [] }: Commit): Promise<Committed> {
    const batch = ops.length > 0 ? { batch: base64Encode(framed(ops)) } : {};
    return readCommitted(await this.post("/versions", { name, message, base, ...batch }));
  }

  /** The document as a version holds it; `Replica.load` of another replica takes it. */
  async document(id: string): Promise<DocumentSnapshot> {
    const answer = await this.ask("GET", `/versions/${encodeURIComponent(id)}/document`);
    return fromBinary(DocumentSnapshotSchema, await answer.bytes());
  }

  /** What lies between two versions. */
  async diff(from: string, to: string): Promise<Changes> {
    return readChanges(await this.get("/diff", { from, to }));
  }

  /**
   * Goes back to an older state by new ops. Going back to the revision before the
   * answer's undoes it.
   */
  async rollback({ to, of = "all", frames }: Rollback): Promise<RolledBack> {
    const target = "timeMs" in to ? { time_ms: to.timeMs } : to;
    return readRolledBack(await this.post("/rollback", { to: target, of, frames }));
  }

  /** What happened on frames: the first 500 on which anything was drawn. */
  async frames({ media, first, last }: FrameScope): Promise<readonly FrameHistory[]> {
    return readFrames(await this.get("/frames", { media, first, last }));
  }

  private async get(path: string, query: Record<string, string | number | undefined> = {}): Promise<unknown> {
    const given = Object.entries(query).filter((pair): pair is [string, string | number] => pair[1] !== undefined);
    const text = given.map(([key, value]) => `${key}=${encodeURIComponent(value)}`).join("&");
    const answer = await this.ask("GET", text ? `${path}?${text}` : path);
    return answer.json();
  }

  private async post(path: string, body: object): Promise<unknown> {
    const answer = await this.ask("POST", path, { ...body, ...this.key });
    return answer.json();
  }

  private async ask(method: "GET" | "POST", path: string, body?: unknown): Promise<Answer> {
    const answer = await this.options.ask(method, this.root + path, body);
    if (answer.status >= 200 && answer.status < 300) return answer;
    const { code, text } = readProblem(await answer.json().catch(() => undefined));
    throw new HistoryError(answer.status, code, text);
  }
}

/** The ops as a frame of the wire: head 0, then protobuf (wire1). */
function framed(ops: readonly Op[]): Uint8Array {
  const value = create(OpBatchSchema, { clientSeq: 1n, ops: [...ops] });
  return Uint8Array.from([0, ...toBinary(ClientMessageSchema, create(ClientMessageSchema, { message: { case: "ops", value } }))]);
}
