import { signal } from "@preact/signals";

export const TOOLS = [
  "select",
  "brush",
  "arrow",
  "line",
  "rectangle",
  "ellipse",
  "polygon",
  "text",
  "comment",
  "stamp",
  "redaction",
  "eraser",
] as const;
export type Tool = (typeof TOOLS)[number];

/** The built-in stamps, by the names that the document holds. */
export const STAMPS = ["check", "cross", "question", "attention"] as const;
export type Stamp = (typeof STAMPS)[number];

/** Colours that stay apart for colour-blind eyes (Okabe and Ito), and white. */
export const PALETTE = [
  "#E69F00",
  "#56B4E9",
  "#009E73",
  "#F0E442",
  "#0072B2",
  "#D55E00",
  "#CC79A7",
  "#FFFFFF",
] as const;

/** Stroke widths, grid units: 1.5 to 20 px on a picture 1280 px wide. */
export const WIDTHS = [20, 32, 48, 72, 108, 162, 256] as const;
/** Text is this many times as high as a stroke of the same step is wide. */
const TEXT_RATIO = 8;
/** A stamp's side is this many times as long. */
const STAMP_RATIO = 16;

/** The tool in the hand, and the look of what it draws. */
export class Tools {
  readonly tool = signal<Tool>("select");
  readonly stamp = signal<Stamp>("check");
  readonly color = signal(0);
  readonly widthStep = signal(2);

  /** Stroke width, grid units. */
  get width(): number {
    return WIDTHS[this.widthStep.peek()] ?? WIDTHS[0];
  }

  /** Text height, grid units. */
  get textHeight(): number {
    return this.width * TEXT_RATIO;
  }

  /** Side of a stamp that is put by a click, grid units. */
  get stampSide(): number {
    return this.width * STAMP_RATIO;
  }

  /** The chosen colour: RGBA, 8 bits each, red highest. */
  get rgba(): number {
    return rgbaOf(PALETTE[this.color.peek()] ?? PALETTE[0]);
  }

  /** Takes a tool. The stamp tool, taken again, takes the next stamp. */
  choose(tool: Tool): void {
    if (tool === "stamp" && this.tool.peek() === "stamp") this.nextStamp();
    this.tool.value = tool;
  }

  /** Makes strokes thinner (-1) or wider (+1). */
  step(by: -1 | 1): void {
    this.widthStep.value = Math.max(0, Math.min(WIDTHS.length - 1, this.widthStep.peek() + by));
  }

  private nextStamp(): void {
    const next = STAMPS[(STAMPS.indexOf(this.stamp.peek()) + 1) % STAMPS.length];
    if (next) this.stamp.value = next;
  }
}

function rgbaOf(hex: string): number {
  return Number.parseInt(`${hex.slice(1)}ff`, 16);
}

/** Returns the CSS colour of an RGBA number. */
export function cssColor(rgba: number): string {
  return `#${(rgba >>> 0).toString(16).padStart(8, "0")}`;
}

/** Returns the colour of an author or participant by number. */
export function paletteColor(index: number): string {
  return PALETTE[index % PALETTE.length] ?? PALETTE[0];
}
