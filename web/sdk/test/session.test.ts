import { readFile } from "node:fs/promises";
import { create, toBinary } from "@bufbuild/protobuf";
import { beforeEach, describe, expect, test } from "vitest";
import {
  CommittedSchema,
  CreateSchema,
  DocumentSnapshotSchema,
  FrameStampSchema,
  Kind,
  MediaAddedSchema,
  MediaSchema,
  ObjectIdSchema,
  OpSchema,
  type ObjectId,
  type Op,
  type OpBatch,
} from "../src/gen/fmz/v1/annotation_pb";
import { ClosingSchema, ParticipantLeftSchema, PongSchema, PresenceFromSchema, RejectedSchema, SnapshotSchema } from "../src/gen/fmz/v1/session_pb";
import { Session } from "../src/core/session";
import { loadReplica } from "../src/web/replica";
import { clientMessage, FakeClock, FakeNetwork, serverFrame, type FakeConnection } from "./fakes";

const AUTHOR = { author: 1, identity: "ada", name: "Ada", sessionKey: new Uint8Array(16) };
const wasm = await readFile(new URL("../src/wasm/fmz_participant_bg.wasm", import.meta.url));

let clock: FakeClock;
let network: FakeNetwork;
let session: Session;

beforeEach(async () => {
  clock = new FakeClock();
  network = new FakeNetwork();
  session = new Session({
    openSocket: network.openSocket,
    clock,
    random: () => 0,
    replica: await loadReplica(wasm),
    token: "token",
    name: "Ada",
    sessionKey: new Uint8Array(16),
    transport: true,
  });
  session.start();
  enter();
});

/** Welcomes the newest connection and gives it the document with its author, at revision 1. */
function enter(lastClientSeq = 0n): FakeConnection {
  network.last.welcome({ lastClientSeq });
  if (session.document.revision > 0n) return network.last;
  const part = toBinary(DocumentSnapshotSchema, create(DocumentSnapshotSchema, { revision: 1n, authors: [AUTHOR] }));
  const half = Math.floor(part.length / 2);
  for (const [bytes, last] of [[part.subarray(0, half), false], [part.subarray(half), true]] as const) {
    network.last.say({ case: "snapshot", value: create(SnapshotSchema, { revision: 1n, part: bytes, last }) });
  }
  return network.last;
}

function reconnect(lastClientSeq = 0n): FakeConnection {
  network.last.drop();
  clock.advance(250);
  return enter(lastClientSeq);
}

function nextId(): ObjectId {
  const id = session.document.nextId();
  if (!id) throw new Error("may not draw");
  return id;
}

function rectangle(id: ObjectId): Op {
  const value = create(CreateSchema, { id, kind: Kind.RECTANGLE, frame: create(FrameStampSchema) });
  return create(OpSchema, { op: { case: "create", value } });
}

/** Draws one rectangle. */
function draw(): void {
  expect(session.document.submit([rectangle(nextId())])).toBe(true);
}

test("a snapshot tells all objects once, also those that wait for the server", () => {
  draw();
  const told: unknown[] = [];
  session.document.on("changed", ({ kind, objects }) => told.push([kind, objects.length]));
  const part = toBinary(DocumentSnapshotSchema, create(DocumentSnapshotSchema, { revision: 1n, authors: [AUTHOR] }));
  network.last.say({ case: "snapshot", value: create(SnapshotSchema, { revision: 1n, part, last: true }) });
  expect(told).toEqual([["all", 1]]);
});

function batches(connection: FakeConnection): OpBatch[] {
  return connection.heard.flatMap((message) => (message.case === "ops" ? [message.value] : []));
}

/** Numbers of the batches and of the objects that they create. */
function seen(list: readonly OpBatch[]): string[] {
  const counter = ({ op }: Op): number => (op.case === "create" ? (op.value.id?.counter ?? 0) : 0);
  return list.map(({ clientSeq, ops }) => `${clientSeq}:${ops.map(counter).join(",")}`);
}

function commit(connection: FakeConnection, firstRevision: bigint, { clientSeq, ops }: OpBatch, stateHash = 0n): void {
  const batch = { firstRevision, author: 1, clientSeq, committedMs: 1n, ops, stateHash };
  connection.say({ case: "committed", value: create(CommittedSchema, { batches: [batch] }) });
}

describe("own ops", () => {
  test("leave at once, then in batches 25 ms apart", () => {
    for (let count = 0; count < 4; count += 1) draw();
    expect(seen(batches(network.last))).toEqual(["1:1"]);
    clock.advance(24);
    expect(batches(network.last).length).toBe(1);
    clock.advance(1);
    expect(seen(batches(network.last))).toEqual(["1:1", "2:2,3,4"]);
  });

  test("are shown before the server has them, and confirmed by its commit", () => {
    const shown: string[] = [];
    session.document.on("changed", ({ objects }) => shown.push(...objects.map(({ pending }) => String(pending))));
    draw();
    expect([session.document.pending, ...shown]).toEqual([1, "true"]);
    const [batch] = batches(network.last);
    if (batch) commit(network.last, 2n, batch);
    expect([session.document.pending, ...shown]).toEqual([0, "true", "false"]);
    expect(session.document.revision).toBe(2n);
  });

  test("view9: that are held back wait for their frame, and leave with it", () => {
    const id = nextId();
    expect(session.document.submitHeld(id, [rectangle(id)])).toBe(true);
    draw();
    clock.advance(1000);
    expect(batches(network.last)).toEqual([]);
    session.document.restamp(id, create(FrameStampSchema, { publication: "film", frameIndex: 7 }));
    const [batch] = batches(network.last);
    const frames = batch?.ops.map(({ op }) => (op.case === "create" ? op.value.frame?.frameIndex : undefined));
    expect(frames).toEqual([7, undefined]);
  });

  test("view9: that are held back and impossible hold nothing", () => {
    const id = nextId();
    draw();
    expect(session.document.submitHeld(id, [rectangle(id)])).toBe(false);
    draw();
    clock.advance(25);
    expect(seen(batches(network.last))).toEqual(["1:1", "2:2"]);
  });

  test("wait while the connection is gone and follow in order when it is back", () => {
    draw();
    network.last.drop();
    draw();
    draw();
    expect(session.status.kind).toBe("reconnecting");
    clock.advance(250);
    const back = enter();
    clock.advance(25);
    expect(seen(batches(back))).toEqual(["1:1", "2:2,3"]);
  });

  test("that the log holds are not sent again, the others once", () => {
    draw();
    clock.advance(25);
    draw();
    const back = reconnect(1n);
    clock.advance(100);
    expect(seen(batches(back))).toEqual(["2:2"]);
  });

  test("that changed their path are sent again once and in order on the new one", () => {
    draw();
    clock.advance(25);
    draw();
    const channel: OpBatch[] = [];
    session.setChannel("ops", (frame) => {
      const message = clientMessage(frame);
      if (message.case === "ops") channel.push(message.value);
    });
    clock.advance(25);
    draw();
    expect(seen(channel)).toEqual(["1:1", "2:2", "3:3"]);
    expect(seen(batches(network.last))).toEqual(["1:1", "2:2"]);
    session.setChannel("ops", undefined);
    clock.advance(100);
    expect(seen(batches(network.last))).toEqual(["1:1", "2:2", "1:1", "2:2", "3:3"]);
  });

  test("loss3: are copied on `live`, and go on `ops` 200 ms later without an answer", () => {
    const heard: string[] = [];
    for (const name of ["live", "ops"] as const) {
      session.setChannel(name, (frame) => heard.push(`${name} ${clientMessage(frame).case} ${clock.now()}`));
    }
    const begun = clock.now();
    draw();
    clock.advance(1000);
    const at = (way: string, ms: number): string => `${way} ${begun + ms}`;
    expect(heard).toEqual([at("live copies", 0), at("live copies", 25), at("live copies", 50), at("ops ops", 200)]);
  });

  test("loss1: of others come by copies too, and once", () => {
    session.setChannel("live", () => undefined);
    session.setChannel("ops", () => undefined);
    const op = rectangle(create(ObjectIdSchema, { author: 1, counter: 1 }));
    const value = create(CommittedSchema, { batches: [{ firstRevision: 2n, author: 1, clientSeq: 1n, committedMs: 1n, ops: [op] }] });
    const shown: number[] = [];
    session.document.on("changed", ({ objects }) => shown.push(objects.length));
    for (const name of ["live", "live", "ops"] as const) session.handleChannelFrame(serverFrame({ case: "committed", value }), name);
    expect([session.document.revision, shown]).toEqual([2n, [1]]);
  });

  test("that the server refuses are taken back, and said so", () => {
    const refused: string[] = [];
    session.document.on("refused", ({ code }) => refused.push(code));
    draw();
    network.last.say({ case: "rejected", value: create(RejectedSchema, { clientSeq: 1n, code: "not_yours" }) });
    expect([session.document.pending, ...refused]).toEqual([0, "not_yours"]);
  });
});

describe("what comes from the server", () => {
  test("a gap is asked for once, from the last revision held", () => {
    const batch = { clientSeq: 9n, ops: [], base: 0n, $typeName: "fmz.v1.OpBatch" as const };
    draw();
    const [own] = batches(network.last);
    if (!own) throw new Error("nothing sent");
    commit(network.last, 5n, own);
    commit(network.last, 6n, { ...batch, ops: own.ops });
    const asked = network.last.heard.filter((message) => message.case === "resync");
    expect(asked.map((message) => message.value)).toMatchObject([{ revision: 1n }]);
    expect(session.document.revision).toBe(1n);
  });

  test("a document that is not the server's is asked for whole, and the server is told", () => {
    draw();
    const [own] = batches(network.last);
    if (!own) throw new Error("nothing sent");
    commit(network.last, 2n, own, 1n);
    const asked = network.last.heard.filter((message) => message.case === "resync");
    expect(asked.map((message) => message.value)).toMatchObject([{ revision: 0n, diverged: true }]);
  });

  test("a reconnect asks from the revision held, under the same session key", () => {
    const back = reconnect();
    expect(back.heard[0]).toMatchObject({ case: "hello", value: { revision: 1n, token: "token", name: "Ada" } });
  });

  test("names of authors stay after they left", () => {
    expect(session.document.authors.get(1)).toBe("Ada");
  });

  test("media12: a media is known by its id, from a commit and from a snapshot", () => {
    const media = create(MediaSchema, { id: "film", name: "Film", num: 24, den: 1, startTimecode: 86_400, frames: 100 });
    expect(session.document.media("film")).toBe(undefined);
    const op = create(OpSchema, { op: { case: "mediaAdded", value: create(MediaAddedSchema, { media }) } });
    const batch = { firstRevision: 2n, committedMs: 1n, ops: [op] };
    network.last.say({ case: "committed", value: create(CommittedSchema, { batches: [batch] }) });
    expect(session.document.media("film")).toEqual(media);
    const part = toBinary(DocumentSnapshotSchema, create(DocumentSnapshotSchema, { revision: 3n, authors: [AUTHOR], media: [{ ...media, id: "other" }] }));
    network.last.say({ case: "snapshot", value: create(SnapshotSchema, { revision: 3n, part, last: true }) });
    expect([session.document.media("other")?.num, session.document.media("film")]).toEqual([24, undefined]);
  });

  test("a pointer goes with its participant", () => {
    const value = create(PresenceFromSchema, { participant: 2, presence: { pointer: { x: 3, y: 4 } } });
    network.last.say({ case: "presence", value });
    expect(session.pointers.all.get(2)).toMatchObject({ x: 3, y: 4 });
    session.room.participants.set(2, { $typeName: "fmz.v1.Participant", participant: 2, name: "Bo", author: 0, color: 0, annotate: false, publish: false, machine: false });
    network.last.say({ case: "participantLeft", value: create(ParticipantLeftSchema, { participant: 2 }) });
    expect(session.pointers.all.size).toBe(0);
  });
});

describe("the connection", () => {
  test("client1: says Hello first, and nothing before the server took it", () => {
    network.last.drop();
    clock.advance(250);
    network.last.events.opened();
    session.send({ case: "leave", value: { $typeName: "fmz.v1.Leave" } });
    draw();
    clock.advance(1000);
    expect(network.last.heard.map(({ case: name }) => name)).toEqual(["hello"]);
  });

  test("client9: is pinged, and tells the round trip", () => {
    const trips: number[] = [];
    session.on("roundTrip", (ms) => trips.push(ms));
    network.last.welcome({ pingIntervalMs: 2000 });
    clock.advance(5000);
    const ping = network.last.heard.find(({ case: name }) => name === "ping");
    if (ping?.case !== "ping") throw new Error("no ping");
    clock.advance(30);
    network.last.say({ case: "pong", value: create(PongSchema, { sentUs: ping.value.sentUs }) });
    expect(trips.map(Math.round)).toEqual([3030]);
  });

  test("client9: is given up after 15 s of silence", () => {
    const silent = network.last;
    clock.advance(14_999);
    expect([silent.open, session.status.kind]).toEqual([true, "open"]);
    clock.advance(1);
    expect([silent.open, session.status.kind]).toEqual([false, "reconnecting"]);
  });

  test("is given up where a frame cannot be read; one of a channel is passed over", () => {
    session.handleChannelFrame(Uint8Array.from([9]), "ops");
    expect(session.status.kind).toBe("open");
    network.last.events.received(Uint8Array.from([9]));
    expect(session.status.kind).toBe("reconnecting");
  });

  test("ends where the server says that coming back is pointless", () => {
    network.last.say({ case: "closing", value: create(ClosingSchema, { code: "expired", retry: false }) });
    clock.advance(60_000);
    expect([session.status, network.connections.length]).toEqual([{ kind: "ended", code: "expired", text: "" }, 1]);
  });
});

describe("the own pointer", () => {
  test("is sent at 20 Hz, and only where it moved", () => {
    const sent = (): unknown[] => network.last.heard.filter((message) => message.case === "presence");
    for (let x = 0; x < 10; x += 1) session.point({ x, y: 0 });
    expect(sent().length).toBe(1);
    clock.advance(50);
    expect(sent()).toMatchObject([{ value: { pointer: { x: 0 } } }, { value: { pointer: { x: 9 } } }]);
    clock.advance(1000);
    session.point({ x: 9, y: 0 });
    expect(sent().length).toBe(2);
  });
});
