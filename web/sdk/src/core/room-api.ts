import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { base64Encode } from "@bufbuild/protobuf/wire";
import { DocumentSnapshotSchema, OpBatchSchema, type DocumentSnapshot, type Op } from "../gen/fmz/v1/annotation_pb";
import { ClientMessageSchema } from "../gen/fmz/v1/session_pb";
import {
  ApiError,
  readChanges,
  readCommitted,
  readFrames,
  readInvitation,
  readProblem,
  readRestored,
  readVersion,
  readVersions,
  type Changes,
  type Committed,
  type FrameHistory,
  type Invitation,
  type Restored,
  type Version,
  type VersionsPage,
} from "./room-api-json";

/** The answer of a server to one request. */
export interface Answer {
  readonly status: number;
  bytes(): Promise<Uint8Array>;
  json(): Promise<unknown>;
}

/**
 * Sends a request to the server: `path` is that below `/api/v1`, a `body` goes as JSON. Rejects if
 * no answer comes.
 */
export type Ask = (method: "GET" | "POST", path: string, body?: unknown) => Promise<Answer>;

/** The author number that stands for the author of a commit, in the ids of its ops. */
export const COMMITTER = 0xffff_ffff;

export interface Commit {
  readonly name?: string;
  readonly message?: string;
  /** The version on which the ops were made; the newest if absent. */
  readonly base?: string;
  /**
   * Changes made on `base`, with {@link COMMITTER} as the author of new objects, counted from 1.
   */
  readonly ops?: readonly Op[];
}

export type Target = { readonly version: string } | { readonly revision: number } | { readonly timeMs: number };

/** Frames of a media, both ends included. */
export interface FrameScope {
  /** Id of the media, as publications and stamps have it. */
  readonly media: string;
  readonly first: number;
  readonly last: number;
}

export interface Restore {
  readonly to: Target;
  /**
   * Authors whose changes are taken back: all of them if absent. Everything but `mine` needs the
   * grant `own`.
   */
  readonly of?: "all" | "mine" | { readonly author: number };
  readonly frames?: FrameScope;
}

/** A right that a guest's token may give. */
export type Grant = "view" | "annotate" | "publish" | "present" | "own";

export interface RoomApiOptions {
  readonly ask: Ask;
  readonly room: string;
  /**
   * The session key of the page: what the page commits is then its author's, and `mine` means that
   * author.
   */
  readonly sessionKey?: Uint8Array;
}

/**
 * The REST interface of one room: versions of its document, restoring, the history of frames, and
 * tokens for guests. Every method rejects with {@link ApiError}.
 */
export class RoomApi {
  private readonly root: string;
  private readonly key: { session_key?: string };

  constructor(private readonly options: RoomApiOptions) {
    this.root = `/rooms/${encodeURIComponent(options.room)}`;
    this.key = options.sessionKey ? { session_key: base64Encode(options.sessionKey) } : {};
  }

  /** Makes a token for a new guest. Needs the grant `own`, and each grant that is given. */
  async invite(grants: readonly Grant[]): Promise<Invitation> {
    return readInvitation(await jsonOf(await this.ask("POST", "/tokens", { grants })));
  }

  /**
   * Returns a page of versions, newest first. `next` of one page is `before` of the following.
   */
  async versions(page: { readonly before?: string; readonly limit?: number } = {}): Promise<VersionsPage> {
    return readVersions(await this.get("/versions", { before: page.before, limit: page.limit }));
  }

  async version(id: string): Promise<Version> {
    return readVersion(await this.get(`/versions/${encodeURIComponent(id)}`));
  }

  /** Saves the state under a name, after the changes that come with it. */
  async commit({ name = "", message = "", base, ops = [] }: Commit): Promise<Committed> {
    const batch = ops.length > 0 ? { batch: base64Encode(framed(ops)) } : {};
    return readCommitted(await this.post("/versions", { name, message, base, ...batch }));
  }

  /** Returns the document as a version holds it. */
  async document(id: string): Promise<DocumentSnapshot> {
    const answer = await this.ask("GET", `/versions/${encodeURIComponent(id)}/document`);
    const bytes = await answer.bytes().catch(refuseUnreadable);
    try {
      return fromBinary(DocumentSnapshotSchema, bytes);
    } catch (cause) {
      return refuseUnreadable(cause);
    }
  }

  /** Returns what changed between two versions. */
  async diff(from: string, to: string): Promise<Changes> {
    return readChanges(await this.get("/diff", { from, to }));
  }

  /**
   * Restores an older state by new ops. If objects changed, restoring the revision before the
   * answer's undoes that.
   */
  async restore({ to, of = "all", frames }: Restore): Promise<Restored> {
    const target = "timeMs" in to ? { time_ms: to.timeMs } : to;
    return readRestored(await this.post("/restore", { to: target, of, frames }));
  }

  /** Returns the history of frames, of the first 500 on which anything was drawn. */
  async frames({ media, first, last }: FrameScope): Promise<readonly FrameHistory[]> {
    return readFrames(await this.get("/frames", { media, first, last }));
  }

  private async get(path: string, query: Record<string, string | number | undefined> = {}): Promise<unknown> {
    const given = Object.entries(query).filter((pair): pair is [string, string | number] => pair[1] !== undefined);
    const text = given.map(([key, value]) => `${key}=${encodeURIComponent(value)}`).join("&");
    return jsonOf(await this.ask("GET", text ? `${path}?${text}` : path));
  }

  private async post(path: string, body: object): Promise<unknown> {
    return jsonOf(await this.ask("POST", path, { ...body, ...this.key }));
  }

  private async ask(method: "GET" | "POST", path: string, body?: unknown): Promise<Answer> {
    const answer = await this.options.ask(method, this.root + path, body).catch((cause: unknown) => {
      throw new ApiError(0, "unreachable", `the server does not answer: ${String(cause)}`);
    });
    if (answer.status >= 200 && answer.status < 300) return answer;
    const { code, text } = readProblem(await answer.json().catch(() => undefined));
    throw new ApiError(answer.status, code, text);
  }
}

function jsonOf(answer: Answer): Promise<unknown> {
  return answer.json().catch(refuseUnreadable);
}

function refuseUnreadable(cause: unknown): never {
  throw new ApiError(0, "malformed", `the answer cannot be read: ${String(cause)}`);
}

/** Returns the ops as a frame of the wire: head 0, then protobuf (wire1). */
function framed(ops: readonly Op[]): Uint8Array {
  const value = create(OpBatchSchema, { clientSeq: 1n, ops: [...ops] });
  return Uint8Array.from([0, ...toBinary(ClientMessageSchema, create(ClientMessageSchema, { message: { case: "ops", value } }))]);
}
