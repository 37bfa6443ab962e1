/**
 * Client of an fmz review room. Start at [`RoomClient`]; [`Session`] is the part without a browser.
 */

export { create } from "@bufbuild/protobuf";
export * from "./gen/fmz/v1/annotation_pb";
export {
  FrameMapState,
  MediaKind,
  Source,
  type FrameMap,
  type Grants,
  type Participant,
  type Publication,
} from "./gen/fmz/v1/session_pb";
export type { Clock } from "./core/clock";
export { unreachable } from "./core/events";
export type { ChannelName, Engine, Introduction, Replica } from "./core/engine";
export { RtpUnwrapper, samePicture, type FrameNumber } from "./core/frames";
export {
  COMMITTER,
  RoomApi,
  type Ask,
  type Commit,
  type FrameScope as FramesOf,
  type Grant,
  type RoomApiOptions,
  type Restore,
  type Target,
} from "./core/room-api";
export {
  ApiError,
  type Change,
  type Changes,
  type FrameHistory as FrameRevisions,
  type Invitation,
  type ObjectRef,
  type Restored,
  type Version as NamedVersion,
  type VersionsPage,
} from "./core/room-api-json";
export * as limits from "./core/limits";
export type { GridPoint, Pointers } from "./core/presence";
export { decodePoints, encodePoints, isPressed, STROKE_ORIGIN, type StrokePoint } from "./core/points";
export type { Room } from "./core/room";
export type { SharedDocument } from "./core/document";
export { Session, type SessionStatus } from "./core/session";
export { mergedText, movedCaret, textEdit } from "./core/text";
export { newSessionKey } from "./web/browser";
export { RoomClient, type ClientOptions, type MediaState } from "./web/client";
export { frameOf, timecode } from "./web/frames";
export type { Publisher } from "./web/publisher";
export { relayOf, type RelayPath } from "./web/path";
export { restAsk } from "./web/rest";
export { loadReplica } from "./web/replica";
