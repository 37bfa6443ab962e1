import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { compress, uncompress } from "snappyjs";
import {
  ClientMessageSchema,
  ServerMessageSchema,
  type ClientMessage,
  type ServerMessage,
} from "../gen/fmz/v1/session_pb";
import {
  COMPRESSION_RATIO_MAX,
  COMPRESS_FROM_BYTES,
  SERVER_FRAME_BYTES_MAX,
  SERVER_MESSAGE_BYTES_MAX,
} from "./limits";

const HEAD_PLAIN = 0;
const HEAD_SNAPPY = 1;

/** What a client may say: one case of the `ClientMessage` oneof. */
export type Outgoing = Exclude<ClientMessage["message"], { case: undefined }>;
/** What a server says: one case of the `ServerMessage` oneof. */
export type Incoming = Exclude<ServerMessage["message"], { case: undefined }>;

export type WireErrorCode = "frame_too_large" | "compression_bomb" | "malformed";

/** Why a frame was refused. `code` is stable. */
export class WireError extends Error {
  constructor(
    readonly code: WireErrorCode,
    message: string,
  ) {
    super(message);
    this.name = "WireError";
  }
}

/** Frames one message, compressed where that makes it shorter (wire1). */
export function encodeFrame(message: Outgoing): Uint8Array<ArrayBuffer> {
  const body = toBinary(ClientMessageSchema, create(ClientMessageSchema, { message }));
  if (body.length >= COMPRESS_FROM_BYTES) {
    const packed = compress(body);
    const pays = packed.length < body.length && body.length <= packed.length * COMPRESSION_RATIO_MAX;
    if (pays) return withHead(HEAD_SNAPPY, packed);
  }
  return withHead(HEAD_PLAIN, body);
}

/** Reads one frame of the server. `undefined` is a message of a newer protocol, to be passed over (wire4). */
export function decodeFrame(frame: Uint8Array): Incoming | undefined {
  if (frame.length > SERVER_FRAME_BYTES_MAX) {
    throw new WireError("frame_too_large", `frame of ${frame.length} bytes`);
  }
  const message = parse(bodyOf(frame)).message;
  return message.case === undefined ? undefined : message;
}

function bodyOf(frame: Uint8Array): Uint8Array {
  switch (frame[0]) {
    case HEAD_PLAIN:
      return frame.subarray(1);
    case HEAD_SNAPPY:
      return inflate(frame.subarray(1));
    default:
      throw new WireError("malformed", "unknown head byte");
  }
}

function inflate(packed: Uint8Array): Uint8Array {
  const claimed = claimedLength(packed);
  if (claimed > SERVER_MESSAGE_BYTES_MAX || claimed > packed.length * COMPRESSION_RATIO_MAX) {
    throw new WireError("compression_bomb", `compressed frame claims ${claimed} bytes`);
  }
  try {
    return uncompress(packed, claimed);
  } catch {
    throw new WireError("malformed", "snappy block broken");
  }
}

/** Length that a snappy block claims: a little-endian varint of at most five bytes at its start. */
function claimedLength(packed: Uint8Array): number {
  let length = 0;
  for (let index = 0; index < 5; index += 1) {
    const byte = packed[index];
    if (byte === undefined) break;
    length += (byte & 0x7f) * 2 ** (7 * index);
    if (byte < 0x80) return length;
  }
  throw new WireError("malformed", "snappy length unreadable");
}

function parse(body: Uint8Array): ServerMessage {
  try {
    return fromBinary(ServerMessageSchema, body);
  } catch {
    throw new WireError("malformed", "not a protobuf message");
  }
}

function withHead(head: number, body: Uint8Array): Uint8Array<ArrayBuffer> {
  const frame = new Uint8Array(body.length + 1);
  frame[0] = head;
  frame.set(body, 1);
  return frame;
}
