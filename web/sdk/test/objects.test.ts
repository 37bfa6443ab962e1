import { create, fromBinary, toBinary, type MessageInitShape } from "@bufbuild/protobuf";
import { describe, expect, test } from "vitest";
import { readObjects } from "../src/web/objects";
import {
  FrameRangeSchema,
  FrameStampSchema,
  Key,
  Kind,
  ObjectIdSchema,
  ObjectListSchema,
  ObjectStateSchema,
  PointSchema,
  PropertyWriterSchema,
  Status,
} from "../src/gen/fmz/v1/annotation_pb";

type Init = MessageInitShape<typeof ObjectStateSchema>;

/** An object that has every field, each with a value of its own. */
const FULL = {
  id: { author: 3, counter: 4_294_967_295 },
  kind: Kind.PIN,
  frame: { publication: "p-1-1-1", rtpTimestamp: -(2n ** 40n), frameIndex: 0, epoch: 7, uncertain: true, media: "film" },
  createdRevision: 2n ** 63n + 2n ** 49n + 1n,
  createdMs: 1_800_000_000_000n,
  color: 0xe69f00ff,
  width: 16_384,
  start: { x: -262_144, y: 262_144 },
  end: { x: 1, y: -1 },
  text: "Größe 字 🎬",
  points: { deltas: { case: "pressed", value: Uint8Array.of(2, 0, 1) } },
  ended: true,
  deleted: true,
  writers: [{ key: Key.COLOR, revision: 9n, author: 2 }, { key: Key.TEXT, revision: 2n ** 50n, author: 0 }],
  pending: true,
  offset: { x: 5, y: -5 },
  softness: 100,
  hold: { first: 1, last: 2 },
  order: Uint8Array.of(0, 255),
  status: Status.APPROVED,
  assignee: "a".repeat(128),
  redaction: 1,
  stamp: "check",
  parent: { author: 1, counter: 2 },
  pointsRestored: 12n,
} satisfies Init;

function written(objects: readonly Init[]): Uint8Array<ArrayBuffer> {
  return toBinary(ObjectListSchema, create(ObjectListSchema, { objects: objects.map((object) => create(ObjectStateSchema, object)) }));
}

describe("objects are read as the library reads them", () => {
  test.each<[string, Init[]]>([
    ["with every field", [FULL]],
    ["with none", [{}]],
    ["several", [{ kind: Kind.BRUSH, points: { deltas: { case: "plain", value: Uint8Array.of(1, 2) } } }, FULL, { text: "short" }]],
    ["with empty parts", [{ id: {}, frame: {}, start: {}, points: {}, writers: [{}], hold: {}, parent: {} }]],
    ["without any", []],
  ])("%s", (_, objects) => {
    const bytes = written(objects);
    expect(readObjects(bytes)).toEqual(fromBinary(ObjectListSchema, bytes).objects);
  });

  test("a field that joins a message fails this until it is read, and stands above", () => {
    const names = (schema: { readonly members: readonly { readonly localName: string }[] }): string[] => schema.members.map(({ localName }) => localName).sort();
    const given = [FULL, FULL.id, FULL.frame, FULL.start, FULL.writers[0], FULL.hold].map((value) => Object.keys(value ?? {}).sort());
    const schemas = [ObjectStateSchema, ObjectIdSchema, FrameStampSchema, PointSchema, PropertyWriterSchema, FrameRangeSchema];
    expect(given).toEqual(schemas.map(names));
  });
});

test("a text keeps a byte order mark: edits count it", () => {
  const text = "\u{FEFF}ab";
  const list = toBinary(ObjectListSchema, create(ObjectListSchema, { objects: [{ text }] }));
  expect(readObjects(list).map((object) => object.text)).toEqual([text]);
});

test("fields of a newer protocol are left out", () => {
  // Field 100 as a varint, as 64 bits, as bytes, and as 32 bits.
  const unknown = [[0xa0, 6, 0x96, 1], [0xa1, 6, ...Array<number>(8).fill(1)], [0xa2, 6, 2, 9, 9], [0xa5, 6, 1, 1, 1, 1]].flat();
  const object = [...unknown, ...toBinary(ObjectStateSchema, create(ObjectStateSchema, { width: 3, text: "x" })), ...unknown];
  const [read] = readObjects(Uint8Array.from([...unknown, 0x0a, object.length, ...object]));
  expect(read).toEqual(create(ObjectStateSchema, { width: 3, text: "x" }));
});

test.each<[string, (bytes: Uint8Array<ArrayBuffer>) => Uint8Array<ArrayBuffer>]>([
  ["is cut", (bytes) => bytes.subarray(0, -1)],
  ["has a varint without an end", () => new Uint8Array(12).fill(0xff)],
  ["has an object with a group, which this protocol has not", () => Uint8Array.of(0x0a, 1, 0x0b)],
])("a list that %s throws", (_, broken) => {
  expect(() => readObjects(broken(written([FULL])))).toThrow(RangeError);
});
