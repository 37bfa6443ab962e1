// Enums of proto3 are open: any number may come.
/* eslint-disable @typescript-eslint/no-unsafe-enum-assignment */
import type { FrameRange, FrameStamp, ObjectId, ObjectState, Point, PropertyWriter, StrokePoints } from "../gen/fmz/v1/annotation_pb";

/**
 * Reads an `ObjectList`, as `fromBinary` does, but for fields that this page does not know: these
 * are left out. The library asks the description of a type at each field of each object, which
 * took most of the time of a join: a room has up to 200,000 objects. Throws a `RangeError` if the
 * bytes are no list.
 */
export function readObjects(bytes: Uint8Array<ArrayBuffer>): ObjectState[] {
  const cursor = new Cursor(bytes);
  const objects: ObjectState[] = [];
  while (cursor.at < bytes.length) {
    const tag = cursor.uint32();
    if (tag >>> 3 === 1) objects.push(readObject(cursor, cursor.end()));
    else cursor.passOver(tag);
  }
  return objects;
}

/** Returned for a field without bytes. Nobody writes into the bytes of a message. */
const EMPTY = new Uint8Array();

// All messages of a type are made by one literal: browsers make and read such objects quickest.

function readObject(cursor: Cursor, end: number): ObjectState {
  let [id, parent]: (ObjectId | undefined)[] = [];
  let frame: FrameStamp | undefined;
  let hold: FrameRange | undefined;
  let points: StrokePoints | undefined;
  let [start, stop, offset]: (Point | undefined)[] = [];
  let [kind, color, width, softness, status, redaction] = [0, 0, 0, 0, 0, 0];
  let [createdRevision, createdMs, pointsRestored] = [0n, 0n, 0n];
  let [text, assignee, stamp] = ["", "", ""];
  let [ended, deleted, pending] = [false, false, false];
  let order: Uint8Array<ArrayBuffer> = EMPTY;
  const writers: PropertyWriter[] = [];
  while (cursor.at < end) {
    const tag = cursor.uint32();
    switch (tag >>> 3) {
      case 1: id = readId(cursor, cursor.end()); break;
      case 2: kind = cursor.uint32(); break;
      case 3: frame = readFrame(cursor, cursor.end()); break;
      case 4: createdRevision = cursor.uint64(); break;
      case 5: createdMs = cursor.uint64(); break;
      case 6: color = cursor.fixed32(); break;
      case 7: width = cursor.uint32(); break;
      case 8: start = readPoint(cursor, cursor.end()); break;
      case 9: stop = readPoint(cursor, cursor.end()); break;
      case 10: text = cursor.string(); break;
      case 11: points = readPoints(cursor, cursor.end()); break;
      case 14: ended = cursor.bool(); break;
      case 15: deleted = cursor.bool(); break;
      case 16: writers.push(readWriter(cursor, cursor.end())); break;
      case 17: pending = cursor.bool(); break;
      case 18: offset = readPoint(cursor, cursor.end()); break;
      case 19: softness = cursor.uint32(); break;
      case 20: hold = readRange(cursor, cursor.end()); break;
      case 21: order = cursor.bytes(); break;
      case 22: status = cursor.uint32(); break;
      case 23: assignee = cursor.string(); break;
      case 24: redaction = cursor.uint32(); break;
      case 25: stamp = cursor.string(); break;
      case 26: parent = readId(cursor, cursor.end()); break;
      case 27: pointsRestored = cursor.uint64(); break;
      default: cursor.passOver(tag);
    }
  }
  return {
    $typeName: "fmz.v1.ObjectState",
    id, kind, frame, createdRevision, createdMs, color, width, start, end: stop, text, points, ended, deleted, writers, pending,
    offset, softness, hold, order, status, assignee, redaction, stamp, parent, pointsRestored,
  } as ObjectState;
}

function readId(cursor: Cursor, end: number): ObjectId {
  let [author, counter] = [0, 0];
  while (cursor.at < end) {
    const tag = cursor.uint32();
    switch (tag >>> 3) {
      case 1: author = cursor.uint32(); break;
      case 2: counter = cursor.uint32(); break;
      default: cursor.passOver(tag);
    }
  }
  return { $typeName: "fmz.v1.ObjectId", author, counter };
}

function readPoint(cursor: Cursor, end: number): Point {
  let [x, y] = [0, 0];
  while (cursor.at < end) {
    const tag = cursor.uint32();
    switch (tag >>> 3) {
      case 1: x = cursor.sint32(); break;
      case 2: y = cursor.sint32(); break;
      default: cursor.passOver(tag);
    }
  }
  return { $typeName: "fmz.v1.Point", x, y };
}

function readFrame(cursor: Cursor, end: number): FrameStamp {
  let [publication, media] = ["", ""];
  let rtpTimestamp = 0n;
  let frameIndex: number | undefined;
  let epoch = 0;
  let uncertain = false;
  while (cursor.at < end) {
    const tag = cursor.uint32();
    switch (tag >>> 3) {
      case 1: publication = cursor.string(); break;
      case 2: rtpTimestamp = cursor.sint64(); break;
      case 3: frameIndex = cursor.uint32(); break;
      case 4: epoch = cursor.uint32(); break;
      case 5: uncertain = cursor.bool(); break;
      case 6: media = cursor.string(); break;
      default: cursor.passOver(tag);
    }
  }
  return { $typeName: "fmz.v1.FrameStamp", publication, rtpTimestamp, frameIndex, epoch, uncertain, media } as FrameStamp;
}

function readPoints(cursor: Cursor, end: number): StrokePoints {
  let deltas: StrokePoints["deltas"] = { case: undefined };
  while (cursor.at < end) {
    const tag = cursor.uint32();
    switch (tag >>> 3) {
      case 1: deltas = { case: "plain", value: cursor.bytes() }; break;
      case 2: deltas = { case: "pressed", value: cursor.bytes() }; break;
      default: cursor.passOver(tag);
    }
  }
  return { $typeName: "fmz.v1.StrokePoints", deltas };
}

function readWriter(cursor: Cursor, end: number): PropertyWriter {
  let [key, author] = [0, 0];
  let revision = 0n;
  while (cursor.at < end) {
    const tag = cursor.uint32();
    switch (tag >>> 3) {
      case 1: key = cursor.uint32(); break;
      case 2: revision = cursor.uint64(); break;
      case 3: author = cursor.uint32(); break;
      default: cursor.passOver(tag);
    }
  }
  return { $typeName: "fmz.v1.PropertyWriter", key, revision, author };
}

function readRange(cursor: Cursor, end: number): FrameRange {
  let [first, last] = [0, 0];
  while (cursor.at < end) {
    const tag = cursor.uint32();
    switch (tag >>> 3) {
      case 1: first = cursor.uint32(); break;
      case 2: last = cursor.uint32(); break;
      default: cursor.passOver(tag);
    }
  }
  return { $typeName: "fmz.v1.FrameRange", first, last };
}

/** Text up to this long is read letter by letter: for it that is quicker than a decoder. */
const SHORT_BYTES = 64;
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** A place in bytes, from which values of protobuf are read. */
class Cursor {
  at = 0;

  constructor(private readonly buffer: Uint8Array<ArrayBuffer>) {}

  /** Reads a varint, of which the lowest 32 bits count. */
  uint32(): number {
    let value = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      const byte = this.byte();
      if (shift < 32) value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value >>> 0;
    }
    throw new RangeError("a varint has more than ten bytes");
  }

  sint32(): number {
    const zigzag = this.uint32();
    return (zigzag >>> 1) ^ -(zigzag & 1);
  }

  uint64(): bigint {
    // Nearly all are below 2^49: seven bytes, which a number counts exactly.
    let [low, factor] = [0, 1];
    for (let index = 0; index < 7; index += 1) {
      const byte = this.byte();
      low += (byte & 0x7f) * factor;
      if (byte < 0x80) return BigInt(low);
      factor *= 128;
    }
    let value = BigInt(low);
    for (let shift = 49n; shift < 70n; shift += 7n) {
      const byte = this.byte();
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return BigInt.asUintN(64, value);
    }
    throw new RangeError("a varint has more than ten bytes");
  }

  sint64(): bigint {
    const zigzag = this.uint64();
    return (zigzag >> 1n) ^ -(zigzag & 1n);
  }

  fixed32(): number {
    return (this.byte() | (this.byte() << 8) | (this.byte() << 16) | (this.byte() << 24)) >>> 0;
  }

  bool(): boolean {
    return this.uint32() !== 0;
  }

  /** Reads the length of a message or of bytes. Returns the place behind them. */
  end(): number {
    const length = this.uint32();
    const end = this.at + length;
    if (end > this.buffer.length) throw new RangeError("a message ends within a field");
    return end;
  }

  /** Reads bytes, as a view of the buffer. */
  bytes(): Uint8Array<ArrayBuffer> {
    const end = this.end();
    const bytes = this.buffer.subarray(this.at, end);
    this.at = end;
    return bytes;
  }

  string(): string {
    const end = this.end();
    const start = this.at;
    this.at = end;
    if (end - start > SHORT_BYTES) return decoder.decode(this.buffer.subarray(start, end));
    let text = "";
    for (let at = start; at < end; at += 1) {
      const byte = this.buffer[at] ?? 0;
      if (byte >= 0x80) return decoder.decode(this.buffer.subarray(start, end));
      text += String.fromCharCode(byte);
    }
    return text;
  }

  /**
   * Passes over the value of a field that is not known; the low three bits of a tag say its kind.
   */
  passOver(tag: number): void {
    switch (tag & 7) {
      case 0:
        this.uint32();
        break;
      case 1:
        this.advance(8);
        break;
      case 2:
        this.at = this.end();
        break;
      case 5:
        this.advance(4);
        break;
      default:
        throw new RangeError(`a field has the wire type ${tag & 7}, which is none of protobuf's`);
    }
  }

  private advance(bytes: number): void {
    for (let count = 0; count < bytes; count += 1) this.byte();
  }

  private byte(): number {
    const byte = this.buffer[this.at];
    if (byte === undefined) throw new RangeError("a message ends within a field");
    this.at += 1;
    return byte;
  }
}
