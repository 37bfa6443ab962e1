import { readFile } from "node:fs/promises";
import { create, toBinary, type MessageInitShape } from "@bufbuild/protobuf";
import { describe, expect, test } from "vitest";
import {
  CommittedBatchSchema,
  CommittedSchema,
  DocumentSnapshotSchema,
  Kind,
  OpSchema,
  type PropertySchema,
  type CommittedBatch,
  type OpBatch,
} from "../src/gen/fmz/v1/annotation_pb";
import { SnapshotSchema } from "../src/gen/fmz/v1/session_pb";
import { BATCH_INTERVAL_MS, COPY_FRAME_BYTES_MAX, ORDERED_AFTER_MS } from "../src/core/limits";
import { Session, type ChannelName } from "../src/core/session";
import { loadReplica } from "../src/web/replica";
import { clientMessage, FakeClock, FakeNetwork, serverFrame } from "./fakes";

const NAMES = ["ada", "ben"];
const AUTHORS = NAMES.map((name, index) => {
  const sessionKey = new Uint8Array(16).fill(index + 1);
  return { author: index + 1, identity: name, name, sessionKey };
});
const wasm = await readFile(new URL("../src/wasm/fmz_annotation_bg.wasm", import.meta.url));

/** A random number in `[0, below)` of a constant seed: mulberry32. */
function dice(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

/** One page with channels whose other end a test holds. */
class Page {
  readonly network = new FakeNetwork();
  readonly up: Record<ChannelName, Uint8Array[]> = { ops: [], live: [] };
  readonly down: Record<ChannelName, CommittedBatch[][]> = { ops: [], live: [] };
  readonly session: Session;
  drawn = 0;

  static async open(author: number, clock: FakeClock): Promise<Page> {
    return new Page(author, clock, await loadReplica(wasm));
  }

  private constructor(
    readonly author: number,
    clock: FakeClock,
    replica: Awaited<ReturnType<typeof loadReplica>>,
  ) {
    const parts = { openSocket: this.network.openSocket, clock, random: () => 0, replica, token: "", transport: true };
    this.session = new Session({ ...parts, name: NAMES[author - 1] ?? "", sessionKey: new Uint8Array(16).fill(author) });
    this.session.start();
    const revision = BigInt(AUTHORS.length);
    this.network.last.welcome({ author });
    const part = toBinary(DocumentSnapshotSchema, create(DocumentSnapshotSchema, { revision, authors: AUTHORS }));
    this.network.last.say({ case: "snapshot", value: create(SnapshotSchema, { revision, part, last: true }) });
    for (const name of ["live", "ops"] as const) this.session.setChannel(name, (frame) => this.up[name].push(frame));
  }

  draw(): void {
    this.create(Kind.RECTANGLE, []);
  }

  write(text: string): void {
    this.create(Kind.TEXT, [{ value: { case: "text", value: text } }]);
  }

  private create(kind: Kind, properties: MessageInitShape<typeof PropertySchema>[]): void {
    const id = this.session.document.nextId();
    if (!id) throw new Error("may not draw");
    const frame = { publication: "", rtpTimestamp: 0n, epoch: 0 };
    const value = { id, kind, frame, properties };
    expect(this.session.document.submit([create(OpSchema, { op: { case: "create", value } })])).toBe(true);
    this.drawn += 1;
  }

  take(name: ChannelName, batches: readonly CommittedBatch[]): void {
    const value = create(CommittedSchema, { batches: [...batches] });
    this.session.handleChannelFrame(serverFrame({ case: "committed", value }), name);
  }

  get asked(): number {
    return this.network.last.heard.filter(({ case: name }) => name === "resync").length;
  }
}

/** The room, as small as can be: numbers what comes, an author's batches in their order and each once. */
class Hub {
  readonly log: CommittedBatch[] = [];
  private revision = BigInt(AUTHORS.length);
  private readonly last = new Map<number, bigint>();

  take(author: number, { clientSeq, ops }: OpBatch): void {
    if (clientSeq !== (this.last.get(author) ?? 0n) + 1n) return;
    this.last.set(author, clientSeq);
    const firstRevision = this.revision + 1n;
    this.revision += BigInt(ops.length);
    this.log.push(create(CommittedBatchSchema, { firstRevision, author, clientSeq, committedMs: 1n, ops }));
  }

  hear(author: number, frame: Uint8Array): void {
    const message = clientMessage(frame);
    if (message.case === "ops") this.take(author, message.value);
    if (message.case === "copies") for (const batch of message.value.batches) this.take(author, batch);
  }
}

/** Takes one at random out of a list; sometimes it stays, and comes again. */
function pick<T>(list: T[], random: (below: number) => number): T | undefined {
  const at = random(Math.max(list.length, 1));
  return random(3) === 0 ? list[at] : list.splice(at, 1)[0];
}

describe("copies beside the ordered channel", () => {
  test("loss3: what has no answer goes there at once and again, then on the ordered channel, until it has one", async () => {
    const clock = new FakeClock();
    const page = await Page.open(1, clock);
    page.draw();
    clock.advance(ORDERED_AFTER_MS - 1);
    expect(page.up.live.map((frame) => clientMessage(frame).case)).toEqual(["copies", "copies", "copies"]);
    expect(page.up.ops).toEqual([]);
    clock.advance(1000);
    expect(page.up.ops.map((frame) => clientMessage(frame).case)).toEqual(["ops"]);
    page.draw();
    const hub = new Hub();
    for (const frame of page.up.live) hub.hear(1, frame);
    page.take("live", hub.log);
    clock.advance(1000);
    expect([page.session.document.pending, page.up.live.length, page.up.ops.length]).toEqual([0, 4, 1]);
  });

  test("loss3: what is larger than a datagram goes on the ordered channel at once, what is before it too", async () => {
    const clock = new FakeClock();
    const page = await Page.open(1, clock);
    page.draw();
    clock.advance(BATCH_INTERVAL_MS);
    page.write("a".repeat(COPY_FRAME_BYTES_MAX));
    clock.advance(BATCH_INTERVAL_MS);
    const numbers = page.up.ops.map((frame) => {
      const batch = clientMessage(frame);
      return batch.case === "ops" ? batch.value.clientSeq : undefined;
    });
    expect(numbers).toEqual([1n, 2n]);
    clock.advance(1000);
    expect(page.up.ops.length).toBe(2);
  });

  test("loss3: a new path gets all that has no answer once", async () => {
    const clock = new FakeClock();
    const page = await Page.open(1, clock);
    page.draw();
    page.session.setChannel("ops", undefined);
    page.session.setChannel("ops", (frame) => page.up.ops.push(frame));
    expect(page.up.ops.length).toBe(1);
    clock.advance(1000);
    expect(page.up.ops.length).toBe(1);
  });

  test("loss3: there are none without the ordered channel, and none over a datagram", async () => {
    const clock = new FakeClock();
    const page = await Page.open(1, clock);
    page.session.setChannel("ops", undefined);
    page.draw();
    clock.advance(100);
    expect(page.up.live).toEqual([]);
    page.session.setChannel("ops", (frame) => page.up.ops.push(frame));
    for (let count = 0; count < 500; count += 1) page.draw();
    clock.advance(BATCH_INTERVAL_MS * 40);
    expect(page.up.live.length).toBeGreaterThan(10);
    expect(Math.max(...page.up.live.map(({ length }) => length))).toBeLessThanOrEqual(COPY_FRAME_BYTES_MAX);
  });

  test("loss1: one that is ahead waits, and asks for nothing", async () => {
    const clock = new FakeClock();
    const [pen, screen] = [await Page.open(1, clock), await Page.open(2, clock)];
    const hub = new Hub();
    for (let count = 0; count < 3; count += 1) {
      pen.draw();
      clock.advance(BATCH_INTERVAL_MS);
    }
    for (const frame of pen.up.live) hub.hear(1, frame);
    screen.take("live", hub.log.slice(1));
    expect([screen.session.document.revision, screen.asked]).toEqual([2n, 0]);
    screen.take("ops", hub.log.slice(0, 1));
    expect(screen.session.document.revision).toBe(5n);
    screen.take("ops", hub.log.slice(1));
    expect([screen.session.document.revision, screen.asked]).toEqual([5n, 0]);
  });

  test("loss8: over a link that loses, doubles and reorders nothing is lost or doubled", async () => {
    for (let seed = 1; seed <= 20; seed += 1) await overLossyLink(seed);
  });
});

async function overLossyLink(seed: number): Promise<void> {
  const [random, clock, hub] = [dice(seed), new FakeClock(), new Hub()];
  const pages = [await Page.open(1, clock), await Page.open(2, clock)];
  let told = 0;
  const tell = (): void => {
    const batches = hub.log.slice(told);
    told = hub.log.length;
    if (batches.length === 0) return;
    for (const { down } of pages) {
      down.ops.push(batches);
      for (let copies = random(3); copies > 0; copies -= 1) down.live.push(hub.log.slice(-4));
    }
  };
  const step = (page: Page, way: number): void => {
    const { up, down, author } = page;
    if (way < 2) page.draw();
    else if (way < 4) clock.advance(random(30));
    else if (way < 5) up.ops.splice(0, 1).forEach((frame) => { hub.hear(author, frame); });
    else if (way < 8) [pick(up.live, random)].forEach((frame) => { if (frame && random(4) > 0) hub.hear(author, frame); });
    else if (way < 9) down.ops.splice(0, 1).forEach((batches) => { page.take("ops", batches); });
    else [pick(down.live, random)].forEach((batches) => { if (batches) page.take("live", batches); });
    tell();
  };
  for (let count = 0; count < 400; count += 1) {
    const page = pages[random(pages.length)];
    if (page) step(page, random(12));
  }
  clock.advance(10_000);
  for (const { up, author } of pages) up.ops.splice(0).forEach((frame) => { hub.hear(author, frame); });
  tell();
  for (const page of pages) page.down.ops.splice(0).forEach((batches) => { page.take("ops", batches); });
  const drawn = pages.reduce((total, page) => total + page.drawn, 0);
  for (const { session, asked } of pages) {
    const seen = [session.document.pending, session.document.revision, asked];
    expect(seen, `seed ${seed}`).toEqual([0, BigInt(AUTHORS.length + drawn), 0]);
  }
}
