import type { Clock } from "./clock";
import { POINTERS_MAX, PRESENCE_INTERVAL_MS } from "./limits";

/** A place on the picture, grid units. */
export interface GridPoint {
  readonly x: number;
  readonly y: number;
}

/** Sends this pointer at 20 Hz at most, only when it moved; the last place always arrives at the sender. */
export class PointerSender {
  private sent: GridPoint | undefined;
  private next: GridPoint | undefined;
  private waiting = false;

  constructor(
    private readonly send: (pointer: GridPoint | undefined) => void,
    private readonly clock: Clock,
  ) {}

  /** Moves the pointer; `undefined` takes it off the picture. */
  move(pointer: GridPoint | undefined): void {
    this.next = pointer;
    if (!this.waiting) this.flush();
  }

  private flush(): void {
    if (same(this.sent, this.next)) return;
    this.sent = this.next;
    this.send(this.next);
    this.waiting = true;
    this.clock.after(PRESENCE_INTERVAL_MS, () => {
      this.waiting = false;
      this.flush();
    });
  }
}

/** Where the others point, by participant number. */
export class Pointers {
  private readonly places = new Map<number, GridPoint>();

  get all(): ReadonlyMap<number, GridPoint> {
    return this.places;
  }

  set(participant: number, pointer: GridPoint | undefined): void {
    this.places.delete(participant);
    if (!pointer) return;
    this.places.set(participant, pointer);
    const [oldest] = this.places.keys();
    if (this.places.size > POINTERS_MAX && oldest !== undefined) this.places.delete(oldest);
  }

  clear(): void {
    this.places.clear();
  }
}

function same(left: GridPoint | undefined, right: GridPoint | undefined): boolean {
  return left?.x === right?.x && left?.y === right?.y;
}
