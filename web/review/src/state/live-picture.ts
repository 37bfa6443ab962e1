import { frameOf, RtpUnwrapper, timecode, type FrameNumber, type Publication } from "@fmz/client";
import { computed, effect, signal, type ReadonlySignal } from "@preact/signals";
import type { Size } from "../grid/geometry";
import { Readings, type Announced, type Reading, type Verdict } from "./identification";
import type { PictureSource } from "./picture-source";
import { Sampler } from "./sampler";
import { Sight, type ShownFrame } from "./sight";

/**
 * Time after which the element has not moved on, if no picture was announced in it,
 * ms: six at 24 a second.
 */
const STANDING_MS = 250;
/** Sights that wait for the next pictures at once: more presses than a hand makes in that time. */
const SIGHTS_MAX = 16;
/**
 * Time from one sample to the next while a sight waits, ms: a picture is on the element for up to
 * 16 ms before it is announced, on a screen with 60 ticks a second, and browsers grant no shorter
 * timer in a row. A sample that takes longer is followed by a pause as long, so that at least half
 * of the time is left for the page.
 */
const SAMPLE_PAUSE_MS = 4;
/**
 * Time after the pointer moved over the picture, or a sight was taken, in which
 * another sight is expected, ms.
 */
const EXPECT_MS = 2_000;
/**
 * Samples that take longer than this are not made in advance: a quarter of the time of a
 * picture at 24 a second, ms.
 */
const ADVANCE_MS_MAX = 10;
/**
 * Copies of a picture that is frozen, at most: each is made again if the element
 * moved on meanwhile.
 */
const COPIES_MAX = 3;
/** A callback within this time after its frame began found the element as it was announced, ms. */
const PROMPT_MS = 3;

interface Waiting {
  readonly sight: Sight;
  readonly reading: Reading;
  readonly publication: Publication;
}

/** The streams of which one is shown. */
export interface LiveSources {
  /** The publication that is to be shown large. */
  readonly main: ReadonlySignal<Publication | undefined>;
  readonly publications: ReadonlySignal<readonly Publication[]>;
  /** Returns the stream of a publication; `undefined` while it is on its way. */
  streamOf(publication: Publication): MediaStream | undefined;
}

/**
 * Shows the main publication of a room, knows which of its frames is on the screen, and holds one if
 * the viewer freezes it.
 */
export class LivePicture implements PictureSource {
  readonly shown = signal<ShownFrame | undefined>(undefined);
  readonly frozen = signal(false);
  readonly size = signal<Size | undefined>(undefined);
  presented = 0;
  private readonly publication = signal<Publication | undefined>(undefined);

  readonly timecode = computed(() => {
    const frame = this.shown.value;
    const map = this.publication.value?.frameMaps.find(({ epoch }) => epoch === frame?.epoch);
    return map && frame?.index !== undefined ? timecode(map, frame.index) : undefined;
  });

  /** The last picture of a stream that another replaces counts as shown. */
  readonly media = computed(() => this.shown.value?.media ?? this.publication.value?.media);

  private readonly unwrappers = new Map<string, RtpUnwrapper>();
  private video: HTMLVideoElement | undefined;
  private still: HTMLCanvasElement | undefined;
  private announced: Announced | undefined;
  private waiting: Waiting[] = [];
  /** Samples since a sight waits, or of the newest picture if one is expected. */
  private readings: Readings | undefined;
  private expectedUntil = 0;
  /** True if the last callback found the element as it was announced. */
  private prompt = true;
  private sampling: ReturnType<typeof setTimeout> | undefined;
  private patience: ReturnType<typeof setTimeout> | undefined;
  /** The frozen picture. */
  private held: Sight | undefined;
  private readonly sampler = new Sampler();

  constructor(private readonly sources: LiveSources) {
    sources.publications.subscribe((publications) => {
      this.refresh(publications);
    });
  }

  attach(host: HTMLElement): () => void {
    const video = videoElement();
    const still = document.createElement("canvas");
    still.className = "still";
    host.append(video, still);
    const onSize = (): void => {
      if (video.videoWidth) this.size.value = { width: video.videoWidth, height: video.videoHeight };
    };
    video.addEventListener("resize", onSize);
    video.addEventListener("loadedmetadata", onSize);
    const ends = [
      this.follow(video, still),
      effect(() => {
        still.hidden = !this.frozen.value;
      }),
      effect(() => {
        this.showMain(video);
      }),
    ];
    return () => {
      for (const end of ends) end();
      video.srcObject = null;
      video.remove();
      still.remove();
    };
  }

  toggleFreeze(): void {
    if (this.frozen.peek()) this.unfreeze();
    else this.freeze();
  }

  expectSight(): void {
    this.expectedUntil = performance.now() + EXPECT_MS;
  }

  sight(): Sight {
    return this.held ?? this.look();
  }

  frameAt(rtpTimestamp: number): FrameNumber | undefined {
    return frameOf(this.publication.peek()?.frameMaps ?? [], rtpTimestamp);
  }

  /** Follows the pictures of a video element; the result stops that. */
  private follow(video: HTMLVideoElement, still: HTMLCanvasElement): () => void {
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
    // A browser may forget the request for a picture when another stream replaces this one.
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

  /** Shows the main publication; while its stream is on its way, the last picture stays. */
  private showMain(video: HTMLVideoElement): void {
    const main = this.sources.main.value;
    const stream = main && this.sources.streamOf(main);
    if (!main && video.srcObject) {
      video.srcObject = null;
      this.size.value = undefined;
      this.change(undefined);
    }
    if (!main || !stream) return;
    // A stream can be published anew under another id.
    if (this.publication.peek()?.publication !== main.publication || video.srcObject !== stream) this.change(main);
    if (video.srcObject !== stream) video.srcObject = stream;
  }

  /** Shows another publication from the next picture on, or none. */
  private change(publication: Publication | undefined): void {
    this.unfreeze();
    this.giveUp();
    this.announced = undefined;
    this.publication.value = publication;
    if (!publication) this.shown.value = undefined;
  }

  /** Takes the news of the publication that is shown: its frame maps. */
  private refresh(publications: readonly Publication[]): void {
    const shown = this.publication.peek();
    if (!shown) return;
    this.publication.value = publications.find(({ publication }) => publication === shown.publication) ?? shown;
  }

  private unfreeze(): void {
    this.held = undefined;
    this.frozen.value = false;
  }

  private handleFrame(begun: number, { rtpTimestamp, presentedFrames }: VideoFrameCallbackMetadata): void {
    this.prompt = performance.now() - begun <= PROMPT_MS;
    // A stream that replaced another has no size yet: this picture is still the other's.
    if (!this.video?.videoWidth) return;
    this.presented += 1;
    this.announced = rtpTimestamp === undefined ? undefined : { rtpTimestamp, presentedFrames };
    if (!this.announced) this.giveUp();
    else this.readCallback(this.video, this.announced);
    if (this.frozen.peek()) return;
    const publication = this.publication.peek();
    this.shown.value = publication && this.announced && this.frameOf(publication, { ...this.announced, certain: true });
  }

  private readCallback(video: HTMLVideoElement, announced: Announced): void {
    if (this.readings && this.waiting.length > 0) {
      this.readings.handleAnnounced(announced, this.sampler.sample(video), this.prompt);
      this.settleWhatIsKnown();
      this.awaitStanding();
      this.awaitSample();
      return;
    }
    // A sample from before a press tells whether the element has moved on since.
    const advance = !namesPictures() && performance.now() < this.expectedUntil && this.sampler.quickestMs <= ADVANCE_MS_MAX && this.sampler.readable;
    this.readings = advance ? new Readings(announced) : undefined;
    this.readings?.handleSample(this.sampler.sample(video));
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

  /**
   * Says which picture the element shows, and copies that one into `still` if there
   * is such a canvas.
   */
  private look(still?: HTMLCanvasElement): Sight {
    const { video, announced } = this;
    const publication = this.publication.peek();
    if (!video?.videoWidth) return new Sight(undefined, true);
    const frame = currentFrame(video);
    if (frame) {
      if (still) draw(frame, still);
      const { rtpTimestamp } = frame.metadata();
      frame.close();
      if (rtpTimestamp !== undefined) return new Sight(publication && this.frameOf(publication, { rtpTimestamp, certain: true }), true);
    }
    const isIdentifiable = publication && announced && this.sampler.readable && this.waiting.length < SIGHTS_MAX;
    if (!isIdentifiable) {
      if (still) draw(video, still);
      return new Sight(publication && this.lastFrameOf(publication, announced), true);
    }
    this.expectSight();
    this.readings ??= new Readings(announced);
    const reading = this.read(video, this.readings, still);
    const sight = new Sight(this.frameOf(publication, { ...announced, certain: false }), reading === undefined);
    if (reading) {
      this.waiting.push({ sight, reading, publication });
      this.awaitSample();
      if (this.patience === undefined) this.awaitStanding();
    } else if (this.waiting.length === 0) this.stopReading();
    return sight;
  }

  /**
   * Samples what the element shows, and copies that picture into `still`; `undefined` if the
   * element moves on each time.
   */
  private read(video: HTMLVideoElement, readings: Readings, still: HTMLCanvasElement | undefined): Reading | undefined {
    const reading = readings.handleSample(this.sampler.sample(video));
    if (!still) return reading;
    for (let copies = 0, before = reading; copies < COPIES_MAX; copies += 1) {
      draw(video, still);
      const after = readings.handleSample(this.sampler.sample(video));
      if (after.run === before.run) return after;
      before = after;
    }
    return undefined;
  }

  /**
   * Samples the element from time to time as long as a sight waits on a busy page: prompt
   * callbacks are enough otherwise.
   */
  private awaitSample(pauseMs = SAMPLE_PAUSE_MS): void {
    clearTimeout(this.sampling);
    if (this.prompt || this.waiting.length === 0) return;
    this.sampling = setTimeout(() => {
      if (!this.video || !this.readings) return;
      this.readings.handleSample(this.sampler.sample(this.video));
      this.settleWhatIsKnown();
      this.awaitSample(Math.max(SAMPLE_PAUSE_MS, this.sampler.lastMs));
    }, pauseMs);
  }

  /** Ends the wait if no picture is announced for a while. */
  private awaitStanding(): void {
    clearTimeout(this.patience);
    const { presented } = this;
    this.patience = setTimeout(() => {
      // A page that was held up has this callback before that of a picture; a frame
      // later it has both.
      requestAnimationFrame(() => {
        if (this.presented !== presented) return;
        this.readings?.handleStanding();
        this.settleWhatIsKnown();
      });
    }, STANDING_MS);
  }

  private settleWhatIsKnown(): void {
    const { readings } = this;
    if (!readings) return;
    for (const waiting of this.waiting) {
      const verdict = readings.verdict(waiting.reading);
      if (verdict) this.settle(waiting, verdict);
    }
  }

  /** Settles what waits now, though it is uncertain. */
  private giveUp(): void {
    const { readings } = this;
    if (!readings) return;
    for (const waiting of this.waiting) this.settle(waiting, { ...readings.verdictNow(waiting.reading), certain: false });
  }

  private stopReading(): void {
    this.readings = undefined;
    clearTimeout(this.sampling);
    clearTimeout(this.patience);
    this.patience = undefined;
  }

  private settle(waiting: Waiting, verdict: Verdict): void {
    this.waiting = this.waiting.filter((other) => other !== waiting);
    if (this.waiting.length === 0) this.stopReading();
    // Maps that came since the press count: the next picture may lie in the next loop.
    const now = this.publication.peek();
    const publication = now?.publication === waiting.publication.publication ? now : waiting.publication;
    waiting.sight.settle(this.frameOf(publication, { ...verdict, certain: isCertain(publication, verdict) }));
  }

  /**
   * Returns what is known of a picture that cannot be identified. A stream that has announced none,
   * above all this page's own camera, has its media.
   */
  private lastFrameOf(publication: Publication, announced: Announced | undefined): ShownFrame {
    if (announced) return this.frameOf(publication, { ...announced, certain: false });
    return { media: publication.media, publication: publication.publication, rtpTimestamp: 0, index: undefined, epoch: 0, certain: false };
  }

  private frameOf(publication: Publication, { rtpTimestamp, certain }: Pick<Verdict, "rtpTimestamp" | "certain">): ShownFrame {
    const frame = frameOf(publication.frameMaps, rtpTimestamp);
    return {
      media: publication.media,
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

/** A frame with its metadata (WebCodecs VideoFrame Metadata Registry), which the types lack. */
interface NamedFrame extends VideoFrame {
  metadata(): { readonly rtpTimestamp?: number };
}

/** Returns true if the browser can tell the time of the picture that an element shows. */
function namesPictures(): boolean {
  return typeof VideoFrame === "function" && "metadata" in VideoFrame.prototype;
}

/**
 * Returns the element's picture of this moment as an object with its own time; `undefined` if the
 * browser has no such thing.
 */
function currentFrame(video: HTMLVideoElement): NamedFrame | undefined {
  if (!namesPictures()) return undefined;
  try {
    return new VideoFrame(video) as NamedFrame;
  } catch {
    // The element has a size and no picture yet.
    return undefined;
  }
}

function videoElement(): HTMLVideoElement {
  const video = document.createElement("video");
  Object.assign(video, { className: "picture", muted: true, autoplay: true, playsInline: true, disablePictureInPicture: true });
  return video;
}

function draw(picture: HTMLVideoElement | VideoFrame, canvas: HTMLCanvasElement): void {
  const [width, height] = "videoWidth" in picture ? [picture.videoWidth, picture.videoHeight] : [picture.displayWidth, picture.displayHeight];
  if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
  canvas.getContext("2d")?.drawImage(picture, 0, 0);
}

/** Returns true if the maps leave no doubt about the frame of a verdict. */
function isCertain({ frameMaps }: Publication, { certain, among, between }: Verdict): boolean {
  const [last, next] = among;
  const frames = among.map(({ rtpTimestamp }) => frameOf(frameMaps, rtpTimestamp));
  const [first, second] = frames;
  const newest = frameMaps.at(-1);
  if (!last || !first || (second && second.epoch !== first.epoch)) return certain && !between;
  // A paused stream has one frame, whatever its pictures' times; it goes on under another map.
  const paused = second ? second.index === first.index : newest?.speed === 0 && newest.epoch === first.epoch;
  if (paused || !between) return paused || certain;
  // Only if no frame was lost on the way, a picture that was never announced is the frame between.
  return certain && next !== undefined && second?.index === first.index + next.presentedFrames - last.presentedFrames;
}
