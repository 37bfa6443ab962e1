import { create, toBinary } from "@bufbuild/protobuf";
import { PublicationSchema, type FrameMap } from "../gen/fmz/v1/session_pb";
import type { FrameNumber } from "../core/frames";
import { frameAt, timecode as timecodeOf } from "../wasm/fmz_participant";

/**
 * Returns the frame that a picture shows, by the newest map that had begun at it; `undefined` if
 * that map does not cover it. The engine must be loaded.
 */
export function frameOf(maps: readonly FrameMap[], rtpTimestamp: number): FrameNumber | undefined {
  if (maps.length === 0) return undefined;
  const publication = toBinary(PublicationSchema, create(PublicationSchema, { frameMaps: [...maps] }));
  // Modulo 2^32, as RTP counts.
  const [index, epoch] = frameAt(publication, rtpTimestamp >>> 0) ?? [];
  return index === undefined || epoch === undefined ? undefined : { index, epoch };
}

/** The labels of frames, as a map or a media has them. */
export type FrameLabels = Pick<FrameMap, "num" | "den" | "startTimecode" | "dropFrame">;

/**
 * Returns the timecode of a frame, `HH:MM:SS:FF`, with `;` before the frames if the count drops
 * numbers. The engine must be loaded.
 */
export function timecode({ num, den, startTimecode, dropFrame }: FrameLabels, index: number): string {
  return timecodeOf(num, den, startTimecode, dropFrame, index);
}
