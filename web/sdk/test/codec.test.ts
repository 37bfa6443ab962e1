import { create, toBinary } from "@bufbuild/protobuf";
import { compress } from "snappyjs";
import { describe, expect, test } from "vitest";
import { HelloSchema, ServerMessageSchema, SnapshotSchema } from "../src/gen/fmz/v1/session_pb";
import { decodeFrame, encodeFrame, WireError } from "../src/core/codec";
import { SERVER_FRAME_BYTES_MAX } from "../src/core/limits";
import { clientMessage } from "./fakes";

function codeOf(frame: Uint8Array): string {
  try {
    decodeFrame(frame);
    return "none";
  } catch (error) {
    return error instanceof WireError ? error.code : "another error";
  }
}

/** A snapshot message that compresses well, and not beyond the ratio. */
function snapshotBody(): Uint8Array {
  const part = Uint8Array.from({ length: 4000 }, (_, index) => (index % 100 < 90 ? index % 7 : (index * 31) % 256));
  const value = create(SnapshotSchema, { revision: 7n, part, last: true });
  return toBinary(ServerMessageSchema, create(ServerMessageSchema, { message: { case: "snapshot", value } }));
}

describe("frames", () => {
  test.each([3, 4000])("wire1: a token of %i bytes reads back as it was framed", (length) => {
    const value = create(HelloSchema, { token: "token".repeat(length / 3), name: "Ada" });
    const frame = encodeFrame({ case: "hello", value });
    expect(clientMessage(frame)).toEqual({ case: "hello", value });
  });

  test("wire1: what compresses is sent compressed, within the ratio that a server takes", () => {
    const value = create(HelloSchema, { token: "ab".repeat(400) + "0123456789".repeat(3), name: "Ada" });
    const frame = encodeFrame({ case: "hello", value });
    const body = toBinary(HelloSchema, value);
    if (frame[0] === 1) expect(body.length).toBeLessThanOrEqual(frame.length * 20);
    expect(frame.length).toBeLessThanOrEqual(body.length + 8);
  });

  test("wire1: a plain and a compressed frame of the server are one message", () => {
    const body = snapshotBody();
    const plain = decodeFrame(Uint8Array.from([0, ...body]));
    expect(decodeFrame(Uint8Array.from([1, ...compress(body)]))).toEqual(plain);
    expect(plain?.case).toBe("snapshot");
  });

  test("wire2: a frame over the limit is refused unread", () => {
    expect(codeOf(new Uint8Array(SERVER_FRAME_BYTES_MAX + 1))).toBe("frame_too_large");
  });

  test.each([
    ["a megabyte and a byte", [1, 0x81, 0x80, 0x40, 0]],
    ["4 GiB", [1, 0xff, 0xff, 0xff, 0xff, 0x0f]],
    ["more than 20 times itself", [1, 0x80, 0x10, 0, 0]],
  ])("wire3: a frame that claims %s is a bomb", (_, bytes) => {
    expect(codeOf(Uint8Array.from(bytes))).toBe("compression_bomb");
  });

  test.each([
    ["nothing", []],
    ["an unknown head", [9, 1, 2]],
    ["half a message", [0, 0x0a, 0x7f]],
    ["no length", [1]],
    ["a length without end", [1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]],
    ["a broken block", [1, 4, 0xf0]],
  ])("wire4: %s is malformed", (_, bytes) => {
    expect(codeOf(Uint8Array.from(bytes))).toBe("malformed");
  });

  test("wire4: a message of a newer protocol is passed over", () => {
    expect(decodeFrame(Uint8Array.from([0, 0xfa, 0x7f, 0]))).toBeUndefined();
  });
});
