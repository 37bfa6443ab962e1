import { computed, signal, type ReadonlySignal } from "@preact/signals";
import { contain, heldInView, zoomedAt, type Placement, type Point, type Rect, type Size } from "../grid/geometry";

/** Shape of the picture area while no picture gave its own. */
const NO_PICTURE: Size = { width: 1920, height: 1080 };
/** Picture pixels may grow to this many times the fitted size. */
const SCALE_MAX = 32;

/** The place of the picture on the stage: fitted, zoomed or moved, by this viewer alone. */
export class View {
  /** Stage, CSS px. */
  readonly stage = signal<Size>({ width: 1, height: 1 });
  private readonly placement = signal<Placement>({ scale: 1, x: 0, y: 0 });

  private readonly fitted = computed<Rect>(() => contain(this.picture.value ?? NO_PICTURE, this.stage.value));

  /** Place of the picture, CSS px from the stage's corner. */
  readonly rect = computed<Rect>(() => {
    const { scale, x, y } = this.placement.value;
    const { width, height, ...corner } = this.fitted.value;
    return { x: corner.x * scale + x, y: corner.y * scale + y, width: width * scale, height: height * scale };
  });

  /** Screen pixels per picture pixel, percent. */
  readonly percent = computed(() => {
    const width = (this.picture.value ?? NO_PICTURE).width;
    return Math.round((this.rect.value.width * devicePixelRatio * 100) / width);
  });

  readonly isFitted = computed(() => this.placement.value.scale === 1);

  /** `picture` is the size of the picture, in its own pixels. */
  constructor(private readonly picture: ReadonlySignal<Size | undefined>) {}

  fit(): void {
    this.placement.value = { scale: 1, x: 0, y: 0 };
  }

  /**
   * Shows one picture pixel by one screen pixel, with `at` kept in place; fits the picture if it was
   * shown so already.
   */
  toggleActual(at: Point): void {
    const width = (this.picture.value ?? NO_PICTURE).width;
    const scale = width / devicePixelRatio / this.fitted.value.width;
    const already = Math.abs(this.placement.value.scale - scale) < 1e-6;
    if (already) this.fit();
    else this.place(zoomedAt(this.placement.value, scale, at));
  }

  zoom(factor: number, at: Point): void {
    const scale = Math.min(SCALE_MAX, Math.max(1, this.placement.value.scale * factor));
    if (scale === 1) this.fit();
    else this.place(zoomedAt(this.placement.value, scale, at));
  }

  pan(dx: number, dy: number): void {
    const { scale, x, y } = this.placement.value;
    if (scale !== 1) this.place({ scale, x: x + dx, y: y + dy });
  }

  private place(placement: Placement): void {
    this.placement.value = heldInView(placement, this.fitted.value, this.stage.value);
  }
}
