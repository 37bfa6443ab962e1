import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { base64Decode } from "@bufbuild/protobuf/wire";
import { describe, expect, test } from "vitest";
import { COMMITTER, History, type Answer } from "../src/core/history";
import { HistoryError } from "../src/core/history-json";
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

/** A history whose server gives one answer and keeps what it was asked. */
function history(given: Answer, sessionKey?: Uint8Array): { asked: Request[]; history: History } {
  const asked: Request[] = [];
  const ask = (method: string, path: string, body?: unknown): Promise<Answer> => {
    asked.push({ method, path, body });
    return Promise.resolve(given);
  };
  return { asked, history: new History({ ask, room: "day 1", ...(sessionKey ? { sessionKey } : {}) }) };
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
    return error instanceof HistoryError ? `${error.status} ${error.code}` : "another error";
  }
}

describe("versions", () => {
  test("a page is asked for and read, ids as text", async () => {
    const { asked, history: of } = history(answer(200, { versions: [VERSION], next: VERSION.id }));
    const page = await of.versions({ before: "12", limit: 1 });
    expect(asked).toEqual([{ method: "GET", path: "/rooms/day%201/versions?before=12&limit=1", body: undefined }]);
    expect(page.next).toBe("9007199254740993");
    expect(page.versions[0]).toMatchObject({ id: VERSION.id, base: undefined, committedMs: 1_700_000_000_000 });
  });

  test("a commit carries the page's key and its changes as a wire frame", async () => {
    const overwritten = [{ object: { author: 1, counter: 3 }, property: "color", author: 4 }];
    const given = answer(201, { version: { ...VERSION, base: "5" }, overwritten });
    const { asked, history: of } = history(given, new Uint8Array(16));
    const op = create(OpSchema, {
      op: { case: "setDeleted", value: { ids: [{ author: COMMITTER, counter: 1 }], deleted: true } },
    });
    const made = await of.commit({ name: "Cut 2", base: "5", ops: [op] });
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
    const { asked, history: of } = history(answer(200, undefined, bytes));
    expect(await of.document("5")).toEqual(fromBinary(DocumentSnapshotSchema, bytes));
    expect(asked[0]?.path).toBe("/rooms/day%201/versions/5/document");
  });

  test("a difference names what is different", async () => {
    const changes = [{ object: { author: 1, counter: 3 }, difference: "changed", parts: ["color", "points"] }];
    const { asked, history: of } = history(answer(200, { changes, more: false }));
    expect(await of.diff("5", "6")).toEqual({ changes, more: false });
    expect(asked[0]?.path).toBe("/rooms/day%201/diff?from=5&to=6");
  });
});

describe("the way back", () => {
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
    const { asked, history: of } = history(done);
    expect(await of.rollback(wanted)).toEqual({ revision: 9, target: 4, objects: 2 });
    expect(asked).toEqual([{ method: "POST", path: "/rooms/day%201/rollback", body }]);
  });

  test("frames tell their history", async () => {
    const frame = { frame: 3, objects: [{ author: 1, counter: 1 }], revisions: [[2, 9]], forgotten: 0 };
    const { asked, history: of } = history(answer(200, [frame]));
    expect(await of.frames(frames)).toEqual([frame]);
    expect(asked[0]?.path).toBe("/rooms/day%201/frames?media=film&first=3&last=5");
  });
});

test("a refusal and an answer that is none are errors with a code", async () => {
  const refused = history(answer(404, { code: "unknown_version", text: "there is no such version" })).history;
  expect(await codeOf(refused.version("1"))).toBe("404 unknown_version");
  const broken = { status: 502, bytes: () => Promise.resolve(new Uint8Array()), json: () => Promise.reject(new Error()) };
  expect(await codeOf(history(broken).history.version("1"))).toBe("502 unknown");
  for (const json of [undefined, 7, {}, { ...VERSION, id: 7 }]) {
    expect(await codeOf(history(answer(200, json)).history.version("1"))).toBe("0 malformed");
  }
});
