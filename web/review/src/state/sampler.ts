import type { Sample } from "./identification";

/**
 * Size of a sample, pixels: one of every 5 by 5 of a picture of 1280x720, of every 15 by 15 at
 * 3840x2160.
 */
const SAMPLE = { width: 256, height: 144 };

/** Reads samples of a video element's picture, and measures how long that takes. */
export class Sampler {
  /** Time of the last sample, ms. */
  lastMs = 0;
  /**
   * Time of the quickest sample since the picture has its size, ms: others may have the processor.
   */
  quickestMs = Infinity;
  private height = 0;
  private reads: boolean | undefined;
  private readonly canvas = document.createElement("canvas");

  /**
   * False if the browser gives other pixels than were drawn, as some do against tracking: nothing
   * can be identified then.
   */
  get readable(): boolean {
    return (this.reads ??= readsWhatIsDrawn(this.canvas));
  }

  sample(video: HTMLVideoElement): Sample {
    const begun = performance.now();
    const { width, height } = SAMPLE;
    const context = this.canvas.getContext("2d", { willReadFrequently: true });
    const size = { width: video.videoWidth, height: video.videoHeight };
    if (!context) return { ...size, pixels: new Uint32Array() };
    if (this.canvas.width !== width) Object.assign(this.canvas, SAMPLE);
    // Single pixels, not means of many: what is small stays different.
    context.imageSmoothingEnabled = false;
    context.drawImage(video, 0, 0, width, height);
    const pixels = new Uint32Array(context.getImageData(0, 0, width, height).data.buffer);
    this.lastMs = performance.now() - begun;
    const before = this.height === size.height ? this.quickestMs : Infinity;
    this.quickestMs = Math.min(this.lastMs, before);
    this.height = size.height;
    return { ...size, pixels };
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
