import { frameOf, RtpUnwrapper, samePicture, timecode, type FrameStamp, type Publication } from "@fmz/client";
import { computed, signal } from "@preact/signals";
import { Identification, type Announced, type Reading, type Sample, type Verdict } from "./identification";
import { Sight, type ShownFrame } from "./sight";

/** Time after which the element has not moved on, if no picture was announced in it, ms: six at 24 a second. */
const STANDING_MS = 250;
/** Sights that wait for the next pictures at once: more presses than a hand makes in that time. */
const SIGHTS_MAX = 16;
/** Size of a sample, pixels: one of every 5 by 5 of a picture of 1280x720, of every 15 by 15 at 3840x2160. */
const SAMPLE = { width: 256, height: 144 };

/** A callback within this time after its frame began found the element as it was announced, ms. */
const PROMPT_MS = 3;

interface Waiting {
  readonly sight: Sight;
  readonly identification: Identification;
  readonly publication: Publication;
  patience: ReturnType<typeof setTimeout> | undefined;
}

/** Knows which frame is on the screen, and holds one if the viewer freezes it. */
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
  private announced: Announced | undefined;
  private waiting: Waiting[] = [];
  /** What the frozen picture shows. */
  private held: Sight | undefined;
  private readonly copy = document.createElement("canvas");
  private readonly sampler = document.createElement("canvas");
  private reads: boolean | undefined;

  /** Follows a video element's pictures; the result stops that. */
  attach(video: HTMLVideoElement, still: HTMLCanvasElement): () => void {
    this.video = video;
    this.still = still;
    let handle = 0;
    const request = (): void => {
      video.cancelVideoFrameCallback(handle);
      handle = video.requestVideoFrameCallback(onFrame);
    };
    const onFrame = (begun: number, metadata: VideoFrameCallbackMetadata): void => {
      // First thing: any work before it lets the browser move on to the next picture.
      try {
        this.handleFrame(begun, metadata);
      } finally {
        request();
      }
    };
    // A browser may forget who waits for a picture when the stream is replaced by another.
    video.addEventListener("loadeddata", request);
    // A page that is hidden, or about to close, gets no more callbacks; marks do not wait for them.
    const onHidden = (): void => {
      if (document.hidden) this.giveUp();
    };
    document.addEventListener("visibilitychange", onHidden);
    request();
    return () => {
      video.removeEventListener("loadeddata", request);
      document.removeEventListener("visibilitychange", onHidden);
      video.cancelVideoFrameCallback(handle);
      this.video = undefined;
    };
  }

  toggleFreeze(): void {
    if (this.frozen.peek()) this.unfreeze();
    else this.freeze();
  }

  unfreeze(): void {
    this.held = undefined;
    this.frozen.value = false;
  }

  /** Shows another publication from the next picture on, or none. */
  follow(publication: Publication | undefined): void {
    this.unfreeze();
    this.giveUp();
    this.announced = undefined;
    this.publication.value = publication;
    if (!publication) this.shown.value = undefined;
  }

  /** Takes what is new of the publication that is shown: its frame maps. */
  refresh(publications: ReadonlyMap<string, Publication>): void {
    const shown = this.publication.peek()?.publication;
    if (shown !== undefined) this.publication.value = publications.get(shown) ?? this.publication.peek();
  }

  /** Takes note of what is on the screen now: a mark carries it. */
  sight(): Sight {
    return this.held ?? this.look(this.copy);
  }

  private handleFrame(begun: number, { rtpTimestamp, presentedFrames }: VideoFrameCallbackMetadata): void {
    const prompt = performance.now() - begun <= PROMPT_MS;
    // A stream that replaced another has no size yet: this picture is still the other's.
    if (!this.video?.videoWidth) return;
    this.presented += 1;
    this.announced = rtpTimestamp === undefined ? undefined : { rtpTimestamp, presentedFrames };
    if (!this.announced) this.giveUp();
    else if (this.waiting.length > 0) this.identify(this.video, this.announced, prompt);
    if (this.frozen.peek()) return;
    const publication = this.publication.peek();
    this.shown.value = publication && this.announced && this.frameOf(publication, { ...this.announced, certain: true });
  }

  /** Copies the picture on the screen over the live one. */
  private freeze(): void {
    if (!this.video?.videoWidth || !this.still) return;
    this.held = this.look(this.still);
    this.frozen.value = true;
    this.shown.value = this.held.frame;
    this.held.whenSettled((sight) => {
      if (this.held === sight) this.shown.value = sight.frame;
    });
  }

  /** Copies the picture of this moment into `canvas` if need be, and says which one it is. */
  private look(canvas: HTMLCanvasElement): Sight {
    const { video, announced } = this;
    const publication = this.publication.peek();
    if (!video?.videoWidth) return new Sight(undefined, true);
    const frame = currentFrame(video);
    if (frame) {
      if (canvas === this.still) draw(frame, canvas);
      const { rtpTimestamp } = frame.metadata();
      frame.close();
      if (rtpTimestamp !== undefined) return new Sight(publication && this.frameOf(publication, { rtpTimestamp, certain: true }), true);
    }
    draw(video, canvas);
    // A stream that has announced no picture has none that a mark could be on: this page's own camera, above all.
    if (!publication || !announced) return new Sight(undefined, true);
    if (!this.readable || this.waiting.length >= SIGHTS_MAX) return new Sight(this.frameOf(publication, { ...announced, certain: false }), true);
    return this.await(publication, new Identification(this.sample(canvas), announced), announced);
  }

  /** A sight that the next pictures settle. */
  private await(publication: Publication, identification: Identification, { rtpTimestamp }: Announced): Sight {
    const sight = new Sight(this.frameOf(publication, { rtpTimestamp, certain: false }), false);
    const waiting: Waiting = { sight, identification, publication, patience: undefined };
    this.waiting.push(waiting);
    this.awaitStanding(waiting);
    return sight;
  }

  private identify(video: HTMLVideoElement, announced: Announced, prompt: boolean): void {
    draw(video, this.copy);
    const reading: Reading = { announced, sample: this.sample(this.copy), prompt };
    for (const waiting of [...this.waiting]) {
      const verdict = waiting.identification.handleReading(reading);
      if (verdict) this.settle(waiting, verdict);
      else this.awaitStanding(waiting);
    }
  }

  /** Settles a sight if no picture is announced for a while. */
  private awaitStanding(waiting: Waiting): void {
    clearTimeout(waiting.patience);
    const { presented } = this;
    waiting.patience = setTimeout(() => {
      // A page that was held up has this callback before that of a picture; a frame later it has both.
      requestAnimationFrame(() => {
        if (this.presented === presented && this.waiting.includes(waiting)) this.settle(waiting, waiting.identification.end());
      });
    }, STANDING_MS);
  }

  /** Settles what waits now, though it is uncertain. */
  private giveUp(): void {
    for (const waiting of [...this.waiting]) this.settle(waiting, waiting.identification.giveUp());
  }

  private settle(waiting: Waiting, verdict: Verdict): void {
    clearTimeout(waiting.patience);
    this.waiting = this.waiting.filter((other) => other !== waiting);
    // Maps that came since the press count: the next picture may lie in the next loop.
    const now = this.publication.peek();
    const publication = now?.publication === waiting.publication.publication ? now : waiting.publication;
    // A paused stream has one frame, whatever its pictures' times.
    const frames = verdict.among.map((rtpTimestamp) => frameOf(publication.frameMaps, rtpTimestamp));
    const paused = frames.every((frame) => frame !== undefined && frame.index === frames[0]?.index && frame.epoch === frames[0].epoch);
    waiting.sight.settle(this.frameOf(publication, { ...verdict, certain: verdict.certain || paused }));
  }

  /** False if the browser gives other pixels than were drawn, as some do against tracking: nothing can be identified then. */
  private get readable(): boolean {
    return (this.reads ??= readsWhatIsDrawn(this.sampler));
  }

  private sample(canvas: HTMLCanvasElement): Sample {
    const { width, height } = SAMPLE;
    const context = this.sampler.getContext("2d", { willReadFrequently: true });
    const size = { width: canvas.width, height: canvas.height };
    if (!context) return { ...size, pixels: new Uint32Array() };
    if (this.sampler.width !== width) Object.assign(this.sampler, SAMPLE);
    // Single pixels, not means of many: what is small stays different.
    context.imageSmoothingEnabled = false;
    context.drawImage(canvas, 0, 0, width, height);
    return { ...size, pixels: new Uint32Array(context.getImageData(0, 0, width, height).data.buffer) };
  }

  private frameOf(publication: Publication, { rtpTimestamp, certain }: Pick<Verdict, "rtpTimestamp" | "certain">): ShownFrame {
    const frame = frameOf(publication.frameMaps, rtpTimestamp);
    return {
      publication: publication.publication,
      rtpTimestamp: this.unwrapper(publication.publication).unwrap(rtpTimestamp),
      index: frame?.index,
      epoch: frame?.epoch ?? 0,
      certain,
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

/** What a frame tells of itself (WebCodecs VideoFrame Metadata Registry); the page's types do not have it yet. */
interface NamedFrame extends VideoFrame {
  metadata(): { readonly rtpTimestamp?: number };
}

/** The element's picture of this moment as an object with its own time; `undefined` if the browser has no such thing. */
function currentFrame(video: HTMLVideoElement): NamedFrame | undefined {
  if (typeof VideoFrame !== "function" || !("metadata" in VideoFrame.prototype)) return undefined;
  try {
    return new VideoFrame(video) as NamedFrame;
  } catch {
    // The element has a size and no picture yet.
    return undefined;
  }
}

/** Returns true if a canvas gives back the very pixels that were drawn into it. */
function readsWhatIsDrawn(canvas: HTMLCanvasElement): boolean {
  const context = canvas.getContext("2d", { willReadFrequently: true });
  if (!context) return false;
  const colors = ["#0ac81e", "#c80a96"];
  return colors.every((color) => {
    context.fillStyle = color;
    context.fillRect(0, 0, canvas.width, canvas.height);
    const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
    const [red, green, blue] = [1, 3, 5].map((at) => parseInt(color.slice(at, at + 2), 16));
    return data.every((value, index) => value === [red, green, blue, 255][index % 4]);
  });
}

function draw(picture: HTMLVideoElement | VideoFrame, canvas: HTMLCanvasElement): void {
  const [width, height] = "videoWidth" in picture ? [picture.videoWidth, picture.videoHeight] : [picture.displayWidth, picture.displayHeight];
  if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
  canvas.getContext("2d")?.drawImage(picture, 0, 0);
}

/** True if a mark was made on the frame that is shown. */
export function isOnFrame(stamp: FrameStamp | undefined, frame: ShownFrame | undefined): boolean {
  if (!frame || stamp?.publication !== frame.publication) return false;
  if (stamp.frameIndex !== undefined && frame.index !== undefined) return stamp.frameIndex === frame.index;
  return samePicture(Number(stamp.rtpTimestamp), frame.rtpTimestamp);
}
