import { samePicture, type FrameNumber, type FrameStamp } from "@fmz/client";
import type { ReadonlySignal } from "@preact/signals";
import type { Size } from "../grid/geometry";
import type { ShownFrame, Sight } from "./sight";

/**
 * Gives the stage its pictures, and knows which one is on the screen. A live stream is one; whatever
 * else shows pictures joins the page by this interface, and stage, notes and threads stay as they are.
 */
export interface PictureSource {
  /**
   * The picture on the screen, with its place in its media, or with `certain: false` if it may also
   * be the one before or after. `undefined` if there is none, or nothing is known of it. Changes with
   * each picture.
   */
  readonly shown: ReadonlySignal<ShownFrame | undefined>;
  /** Media of that picture, by its id; `undefined` while there is none. */
  readonly media: ReadonlySignal<string | undefined>;
  /** Timecode of that picture, if its frames are counted. */
  readonly timecode: ReadonlySignal<string | undefined>;
  /** Size of the pictures, in their own pixels; `undefined` before the first. */
  readonly size: ReadonlySignal<Size | undefined>;
  /** True while the picture stands still because the viewer wanted it. */
  readonly frozen: ReadonlySignal<boolean>;
  /** Pictures presented since this page opened. */
  readonly presented: number;

  /** Puts its elements into `host`, which lies where the picture is to be; the result takes them away. */
  attach(host: HTMLElement): () => void;
  /** Holds the picture on the screen, or lets it go on. */
  toggleFreeze(): void;
  /** Takes note that a mark may follow soon. */
  expectSight(): void;
  /** Returns the picture that is seen now, for a mark that is made on it. It may settle later. */
  sight(): Sight;
  /** Returns the frame of its media at an RTP timestamp; `undefined` if that is not known. */
  frameAt(rtpTimestamp: number): FrameNumber | undefined;
}

/** Returns true if a mark was made on the frame that is shown: of the same media, the same frame. */
export function isOnFrame(stamp: FrameStamp | undefined, frame: ShownFrame | undefined): boolean {
  if (!frame || !stamp?.media || stamp.media !== frame.media) return false;
  if (stamp.frameIndex !== undefined && frame.index !== undefined) return stamp.frameIndex === frame.index;
  // A picture without a number is known by the time that its publication gave it.
  return stamp.publication === frame.publication && samePicture(Number(stamp.rtpTimestamp), frame.rtpTimestamp);
}

/**
 * Returns true if a mark belongs to the media that is shown: it was made on a picture of it, or on
 * none at all. While no picture is shown, every mark does.
 */
export function isOfMedia(stamp: FrameStamp | undefined, media: string | undefined): boolean {
  if (media === undefined || !stamp) return true;
  return stamp.media === media || (stamp.media === "" && stamp.publication === "");
}
