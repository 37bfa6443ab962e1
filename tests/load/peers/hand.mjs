/**
 * Points a second of a hand. It draws the same points at the same times as `fmz-load`'s
 * (`src/hand.rs`).
 */
const POINTS_PER_S = 60;
/** Points of one stroke: one second's. */
const STROKE_POINTS = 60;
const COLOR = 0xff3366ff;
const WIDTH = 64;

export class Hand {
  made = 0;

  constructor(pen, client) {
    this.pen = pen;
    this.client = client;
  }

  /**
   * Draws the points that are due `seconds` after all hands began. Hands are out of step with each
   * other, as people are.
   */
  draw(seconds) {
    const phase = (this.client * 7) % 16;
    const due = Math.floor(seconds * POINTS_PER_S - phase / 16);
    for (; this.made < due; this.made++) this.point(this.made);
  }

  point(number) {
    const [x, y] = place(this.client, number);
    if (number % STROKE_POINTS !== 0) this.pen.append(x, y);
    else this.pen.begin(`${this.client}-${number}`, COLOR, WIDTH, x, y);
  }
}

/**
 * Returns the place of a point: a zigzag over the picture, which starts elsewhere for each client.
 */
export function place(client, number) {
  return [fold(client * 641 + number * 37, 16384), fold(client * 359 + number * 23, 9216)];
}

/** Returns a position that goes up to `size` and back down again. */
function fold(distance, size) {
  const at = distance % (2 * size);
  return at < size ? at : 2 * size - at - 1;
}
