import {
  create,
  frameOf,
  FrameStampSchema,
  RtpUnwrapper,
  samePicture,
  timecode,
  type FrameStamp,
  type Publication,
} from "@fmz/client";
import { computed, signal } from "@preact/signals";

/** Time that a freeze waits for the next picture before it takes the one on the screen, ms. */
const FREEZE_PATIENCE_MS = 250;

/** The picture on the screen: which publication, which frame. */
export interface ShownFrame {
  readonly publication: string;
  /** Unwrapped RTP timestamp, 90 kHz. */
  readonly rtpTimestamp: number;
  readonly index: number | undefined;
  readonly epoch: number;
}

/** Reads which frame is on the screen, and holds one where the viewer freezes it. */
export class Picture {
  readonly shown = signal<ShownFrame | undefined>(undefined);
  readonly frozen = signal(false);
  /** Pictures presented since this page opened. */
  presented = 0;
  readonly publication = signal<Publication | undefined>(undefined);

  readonly timecode = computed(() => {
    const frame = this.shown.value;
    const map = this.publication.value?.frameMaps.find(({ epoch }) => epoch === frame?.epoch);
    return map && frame?.index !== undefined ? timecode(map, frame.index) : undefined;
  });

  private readonly unwrappers = new Map<string, RtpUnwrapper>();
  private video: HTMLVideoElement | undefined;
  private still: HTMLCanvasElement | undefined;
  private freezing: ReturnType<typeof setTimeout> | undefined;

  /** Follows a video element's pictures; the result stops that. */
  attach(video: HTMLVideoElement, still: HTMLCanvasElement): () => void {
    this.video = video;
    this.still = still;
    let handle = 0;
    const request = (): void => {
      video.cancelVideoFrameCallback(handle);
      handle = video.requestVideoFrameCallback(onFrame);
    };
    const onFrame = (_now: number, { rtpTimestamp }: VideoFrameCallbackMetadata): void => {
      // First thing: any work before it lets the browser move on to the next picture.
      this.handleFrame(rtpTimestamp);
      request();
    };
    // A browser may forget who waits for a picture when the stream is replaced by another.
    video.addEventListener("loadeddata", request);
    request();
    return () => {
      video.removeEventListener("loadeddata", request);
      video.cancelVideoFrameCallback(handle);
      this.video = undefined;
    };
  }

  toggleFreeze(): void {
    if (this.frozen.peek() || this.freezing !== undefined) this.unfreeze();
    else this.freeze();
  }

  unfreeze(): void {
    clearTimeout(this.freezing);
    this.freezing = undefined;
    this.frozen.value = false;
  }

  /** The picture is gone. */
  clear(): void {
    this.unfreeze();
    this.shown.value = undefined;
  }

  /** The frame on the screen, as an op carries it. */
  stamp(): FrameStamp {
    const frame = this.shown.peek();
    if (!frame) return create(FrameStampSchema);
    const { publication, rtpTimestamp, index, epoch } = frame;
    const numbered = index === undefined ? {} : { frameIndex: index };
    return create(FrameStampSchema, { publication, rtpTimestamp: BigInt(rtpTimestamp), epoch, ...numbered });
  }

  private handleFrame(rtpTimestamp: number | undefined): void {
    // A stream that replaced another has no size yet: this picture is still the other's.
    if (!this.video?.videoWidth) return;
    if (this.freezing !== undefined) this.hold(rtpTimestamp);
    else if (!this.frozen.peek()) this.show(rtpTimestamp);
    this.presented += 1;
  }

  private freeze(): void {
    if (!this.video?.videoWidth) return;
    this.freezing = setTimeout(() => {
      this.hold(undefined);
    }, FREEZE_PATIENCE_MS);
  }

  /** Copies the picture on the screen over the live one. */
  private hold(rtpTimestamp: number | undefined): void {
    const { video, still } = this;
    clearTimeout(this.freezing);
    this.freezing = undefined;
    if (!video?.videoWidth || !still) return;
    still.width = video.videoWidth;
    still.height = video.videoHeight;
    still.getContext("2d")?.drawImage(video, 0, 0);
    if (rtpTimestamp !== undefined) this.show(rtpTimestamp);
    this.frozen.value = true;
  }

  private show(rtpTimestamp: number | undefined): void {
    const publication = this.publication.peek();
    if (rtpTimestamp === undefined || !publication) return;
    const frame = frameOf(publication.frameMaps, rtpTimestamp);
    this.shown.value = {
      publication: publication.publication,
      rtpTimestamp: this.unwrapper(publication.publication).unwrap(rtpTimestamp),
      index: frame?.index,
      epoch: frame?.epoch ?? 0,
    };
  }

  private unwrapper(publication: string): RtpUnwrapper {
    const known = this.unwrappers.get(publication) ?? new RtpUnwrapper();
    if (!this.unwrappers.has(publication)) {
      this.unwrappers.clear();
      this.unwrappers.set(publication, known);
    }
    return known;
  }
}

/** True where a mark was made on the frame that is shown. */
export function isOnFrame(stamp: FrameStamp | undefined, frame: ShownFrame | undefined): boolean {
  if (!frame || stamp?.publication !== frame.publication) return false;
  if (stamp.frameIndex !== undefined && frame.index !== undefined) return stamp.frameIndex === frame.index;
  return samePicture(Number(stamp.rtpTimestamp), frame.rtpTimestamp);
}
