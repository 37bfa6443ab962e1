import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { base64Decode } from "@bufbuild/protobuf/wire";
import { describe, expect, test } from "vitest";
import { COMMITTER, RoomApi, type Answer } from "../src/core/room-api";
import { ApiError } from "../src/core/room-api-json";
import { DocumentSnapshotSchema, OpSchema } from "../src/gen/fmz/v1/annotation_pb";
import { clientMessage } from "./fakes";

interface Request {
  readonly method: string;
  readonly path: string;
  readonly body: unknown;
}

function answer(status: number, json: unknown, bytes = new Uint8Array()): Answer {
  return { status, bytes: () => Promise.resolve(bytes), json: () => Promise.resolve(json) };
}

/** An interface whose server gives one answer and keeps what it was asked. */
function apiOf(given: Answer, sessionKey?: Uint8Array): { asked: Request[]; api: RoomApi } {
  const asked: Request[] = [];
  const ask = (method: string, path: string, body?: unknown): Promise<Answer> => {
    asked.push({ method, path, body });
    return Promise.resolve(given);
  };
  return { asked, api: new RoomApi({ ask, room: "day 1", ...(sessionKey ? { sessionKey } : {}) }) };
}

const VERSION = {
  id: "9007199254740993",
  revision: 7,
  author: 2,
  name: "Cut 2",
  message: "",
  committed_ms: 1_700_000_000_000,
  state_hash: "00000000000000ff",
  automatic: false,
};

async function codeOf(asked: Promise<unknown>): Promise<string> {
  try {
    await asked;
    return "none";
  } catch (error) {
    return error instanceof ApiError ? `${error.status} ${error.code}` : "another error";
  }
}

describe("versions", () => {
  test("a page is asked for and read, ids as text", async () => {
    const { asked, api } = apiOf(answer(200, { versions: [VERSION], next: VERSION.id }));
    const page = await api.versions({ before: "12", limit: 1 });
    expect(asked).toEqual([{ method: "GET", path: "/rooms/day%201/versions?before=12&limit=1", body: undefined }]);
    expect(page.next).toBe("9007199254740993");
    expect(page.versions[0]).toMatchObject({ id: VERSION.id, base: undefined, committedMs: 1_700_000_000_000 });
  });

  test("a commit carries the page's key and its changes as a wire frame", async () => {
    const overwritten = [{ object: { author: 1, counter: 3 }, property: "color", author: 4 }];
    const given = answer(201, { version: { ...VERSION, base: "5" }, overwritten });
    const { asked, api } = apiOf(given, new Uint8Array(16));
    const op = create(OpSchema, {
      op: { case: "setDeleted", value: { ids: [{ author: COMMITTER, counter: 1 }], deleted: true } },
    });
    const made = await api.commit({ name: "Cut 2", base: "5", ops: [op] });
    expect(made.overwritten).toEqual(overwritten);
    expect(made.version.base).toBe("5");
    const body = asked[0]?.body as { batch: string; base: string; session_key: string };
    expect(body).toMatchObject({ name: "Cut 2", message: "", base: "5", session_key: "AAAAAAAAAAAAAAAAAAAAAA==" });
    const message = clientMessage(base64Decode(body.batch));
    expect(message.case === "ops" && message.value.ops).toEqual([op]);
  });

  test("a document is read from its bytes", async () => {
    const snapshot = create(DocumentSnapshotSchema, { revision: 7n });
    const bytes = toBinary(DocumentSnapshotSchema, snapshot);
    const { asked, api } = apiOf(answer(200, undefined, bytes));
    expect(await api.document("5")).toEqual(fromBinary(DocumentSnapshotSchema, bytes));
    expect(asked[0]?.path).toBe("/rooms/day%201/versions/5/document");
  });

  test("a difference names what is different", async () => {
    const changes = [{ object: { author: 1, counter: 3 }, difference: "changed", parts: ["color", "points"] }];
    const { asked, api } = apiOf(answer(200, { changes, more: false }));
    expect(await api.diff("5", "6")).toEqual({ changes, more: false });
    expect(asked[0]?.path).toBe("/rooms/day%201/diff?from=5&to=6");
  });
});

describe("restoring", () => {
  const done = answer(200, { revision: 9, target: 4, objects: 2 });
  const frames = { media: "film", first: 3, last: 5 };

  test.each([
    [{ to: { version: "5" } }, { to: { version: "5" }, of: "all" }],
    [{ to: { revision: 4 }, of: "mine" }, { to: { revision: 4 }, of: "mine" }],
    [
      { to: { timeMs: 9 }, of: { author: 3 }, frames },
      { to: { time_ms: 9 }, of: { author: 3 }, frames },
    ],
  ] as const)("%o is asked for", async (wanted, body) => {
    const { asked, api } = apiOf(done);
    expect(await api.restore(wanted)).toEqual({ revision: 9, target: 4, objects: 2 });
    expect(asked).toEqual([{ method: "POST", path: "/rooms/day%201/restore", body }]);
  });

  test("frames tell their history", async () => {
    const frame = { frame: 3, objects: [{ author: 1, counter: 1 }], revisions: [[2, 9]], forgotten: 0 };
    const { asked, api } = apiOf(answer(200, [frame]));
    expect(await api.frames(frames)).toEqual([frame]);
    expect(asked[0]?.path).toBe("/rooms/day%201/frames?media=film&first=3&last=5");
  });
});

test("a token for a guest is asked for without the page's key", async () => {
  const { asked, api } = apiOf(answer(201, { token: "a.b.c", url: "https://review.example/r/day%201#token=a.b.c" }), new Uint8Array(16));
  expect(await api.invite(["view", "annotate"])).toEqual({ token: "a.b.c" });
  expect(asked).toEqual([{ method: "POST", path: "/rooms/day%201/tokens", body: { grants: ["view", "annotate"] } }]);
  expect(await codeOf(apiOf(answer(201, { url: "" })).api.invite(["view"]))).toBe("0 malformed");
});

test("no answer, and an answer that cannot be read, are errors with a code too", async () => {
  const silent = new RoomApi({ ask: () => Promise.reject(new TypeError("Failed to fetch")), room: "r" });
  expect(await codeOf(silent.versions())).toBe("0 unreachable");
  const page = { ...answer(200, undefined), json: () => Promise.reject(new SyntaxError("Unexpected token <")) };
  expect(await codeOf(apiOf(page).api.versions())).toBe("0 malformed");
  expect(await codeOf(apiOf(answer(200, undefined, Uint8Array.of(0xff))).api.document("5"))).toBe("0 malformed");
});

test("a refusal and an answer that is none are errors with a code", async () => {
  const refused = apiOf(answer(404, { code: "unknown_version", text: "there is no such version" })).api;
  expect(await codeOf(refused.version("1"))).toBe("404 unknown_version");
  const broken = { status: 502, bytes: () => Promise.resolve(new Uint8Array()), json: () => Promise.reject(new Error()) };
  expect(await codeOf(apiOf(broken).api.version("1"))).toBe("502 unknown");
  for (const json of [undefined, 7, {}, { ...VERSION, id: 7 }]) {
    expect(await codeOf(apiOf(answer(200, json)).api.version("1"))).toBe("0 malformed");
  }
});
